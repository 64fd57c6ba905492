from sqlmodel import SQLModel, create_engine

engine = create_engine("sqlite:///crm.db")

from crm.models.phone import Phone  # noqa: E402, F401

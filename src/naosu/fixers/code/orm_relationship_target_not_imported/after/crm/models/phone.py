from typing import Optional

from sqlmodel import Field, Relationship, SQLModel

from crm.models.person import Person


class Phone(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    number: str
    person_id: Optional[int] = Field(default=None, foreign_key="person.id")
    person: Optional[Person] = Relationship(back_populates="phones")

from sqlalchemy.orm import Mapped, mapped_column, relationship

from base import Base


class Cart(Base):
    __tablename__ = "carts"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["CartLine"]] = relationship(back_populates="cart")

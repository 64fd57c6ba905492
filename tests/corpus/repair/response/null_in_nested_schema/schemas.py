from typing import List, Optional

from pydantic import BaseModel, Field


class Address(BaseModel):
    street: str
    zip_code: str = Field(..., max_length=10)


class OrderOut(BaseModel):
    id: int
    note: Optional[str] = None
    ship_to: Address


class Page(BaseModel):
    items: List[OrderOut]

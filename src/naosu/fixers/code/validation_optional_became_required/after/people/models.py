from typing import Optional, Union

import pydantic
from pydantic import Field


class Base(pydantic.BaseModel):
    pass


class PersonChange(Base):
    name: Optional[str] = None
    bio: Union[str, None] = None
    age: "int | None" = Field(None, description="in years", ge=0)


class Person(Base):
    id: int
    name: str
    bio: str | None = None

from typing import List, Optional

import pydantic as pd
from pydantic import conlist, constr, root_validator

from .base import Code, Strict


class Labels(pd.BaseModel):
    __root__: List[str]


class Part(Strict):
    code: Code
    kind: str = pd.Field("part", const=True)
    labels: conlist(constr(regex="[a-z]+"), min_items=1, max_items=3)
    tags: List[str] = pd.Field([], unique_items=True)
    owner: Optional[str]
    secret: str = pd.Field("Abc1", regex=r"(?=.*\d)[A-Za-z\d]+")

    @root_validator
    def owned(cls, values):
        if values.get("owner") == "nobody":
            raise ValueError("a part has an owner")
        return values

    @pd.validator("code")
    def known(cls, value, values, field):
        if value == "XX00":
            raise ValueError(f"{field.name} is reserved")
        return value

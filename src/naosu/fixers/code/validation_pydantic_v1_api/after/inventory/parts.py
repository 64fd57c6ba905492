from typing import List, Literal, Optional

import pydantic as pd
from pydantic import ConfigDict, RootModel, ValidationInfo, conlist, constr, field_validator, root_validator

from .base import Code, Strict


class Labels(RootModel[List[str]]):
    root: List[str]


class Part(Strict):
    model_config = ConfigDict(regex_engine="python-re")
    code: Code
    kind: Literal["part"] = "part"
    labels: conlist(constr(pattern="^[a-z]+"), min_length=1, max_length=3)
    tags: List[str] = pd.Field([])
    owner: Optional[str] = None
    secret: str = pd.Field("Abc1", pattern=r"^(?=.*\d)[A-Za-z\d]+")

    @root_validator(skip_on_failure=True)
    def owned(cls, values):
        if values.get("owner") == "nobody":
            raise ValueError("a part has an owner")
        return values

    @field_validator("code")
    @classmethod
    def known(cls, value, info: ValidationInfo):
        if value == "XX00":
            raise ValueError(f"{info.field_name} is reserved")
        return value

    @field_validator("tags")
    @classmethod
    def _check_tags_unique(cls, value):
        items = list(value or ())
        if any(item in items[:index] for index, item in enumerate(items)):
            raise ValueError("the list has duplicated items")
        return value

from typing import Annotated

from pydantic import BaseModel, StringConstraints


Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}\d{2}$", strip_whitespace=True)]


class Strict(BaseModel):
    limit: int = 10

    class Config:
        populate_by_name = True
        str_strip_whitespace = True
        validate_default = True

from pydantic import BaseModel, ConstrainedStr


class Code(ConstrainedStr):
    """Two letters, two digits."""

    regex = r"^[A-Z]{2}\d{2}$"
    strip_whitespace = True


class Strict(BaseModel):
    limit = 10

    class Config:
        allow_population_by_field_name = True
        anystr_strip_whitespace = True
        validate_all = True

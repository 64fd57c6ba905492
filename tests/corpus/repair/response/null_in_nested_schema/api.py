from fastapi import APIRouter

import schemas

router = APIRouter()
ROWS = [
    {"id": 1, "ship_to": {"street": "Rue 1", "zip_code": "75001"}},
    {"id": 2, "ship_to": {"street": "Rue 2", "zip_code": None}},
]


@router.get("", response_model=schemas.Page)
def listed():
    return {"items": ROWS}


@router.get("/{number}")
def one(number: int) -> schemas.OrderOut:
    return ROWS[number - 1]

from fastapi import APIRouter

router = APIRouter()


@router.get("")
def orders():
    return [1]

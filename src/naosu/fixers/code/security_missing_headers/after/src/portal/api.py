from fastapi import APIRouter, Response

router = APIRouter()


@router.get("/")
def home(response: Response):
    response.headers["Cache-Control"] = "no-store"
    return {}

import uuid

from fastapi import APIRouter, FastAPI, status
from fastapi import responses
from fastapi.encoders import jsonable_encoder

router = APIRouter()


@router.get("/u")
async def u():
    found = {
        "id": uuid.UUID(int=7),
        "tags": {"a"},
    }
    return responses.JSONResponse(
        jsonable_encoder(found),
        status_code=status.HTTP_202_ACCEPTED,
    )


def build():
    api = FastAPI()
    api.include_router(router)
    return api


app = build()

import asyncio

from fastapi import APIRouter, FastAPI

from reports.render import render_report

router = APIRouter(prefix="/reports")
app = FastAPI()


@app.get("/ping")
async def ping():
    return "pong"


@router.get("/{number}")
async def report(number: int):
    await asyncio.sleep(0)
    text = render_report(number).upper()
    return {"text": text}


app.include_router(router)

from fastapi import FastAPI

from shop.repository import Shelves, start

app = FastAPI()


@app.on_event("startup")
async def up():
    await start()


@app.get("/shelves/{number}")
async def shelf(number: int):
    found = await Shelves().by_number(number)
    return {"number": found.number, "boxes": [{"label": b.label, "things": [t.name for t in b.things]} for b in found.boxes]}

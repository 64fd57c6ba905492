import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
async def health():
    return {"ok": True}


@app.get("/quotes/{symbol}")
async def quote(symbol: str):
    time.sleep(0.6)
    return {"symbol": symbol, "price": 12.5}

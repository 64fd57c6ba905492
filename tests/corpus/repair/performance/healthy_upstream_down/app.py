import urllib.request
import json
from fastapi import FastAPI, HTTPException
app = FastAPI()
SUPPLIER = "http://127.0.0.1:9/prices"
@app.get("/health")
async def health():
    return {"ok": True}
@app.get("/prices")
async def prices():
    try:
        with urllib.request.urlopen(SUPPLIER, timeout=3) as answer:
            return json.load(answer)
    except OSError:
        raise HTTPException(502)

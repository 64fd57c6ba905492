import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/export")
def export():
    time.sleep(0.2)
    return {"rows": 3}

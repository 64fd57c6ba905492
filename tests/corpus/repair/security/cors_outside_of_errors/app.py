from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://web.example"], allow_credentials=True)


@app.exception_handler(Exception)
async def unexpected(request: Request, exc: Exception):
    return JSONResponse({"error": "unexpected"}, status_code=500)


@app.get("/ok")
def ok():
    return {"ok": True}


@app.get("/boom")
def boom():
    raise RuntimeError("boom")

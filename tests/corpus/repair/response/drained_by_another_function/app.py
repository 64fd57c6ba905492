from fastapi import FastAPI

app = FastAPI()
SEEN = []


async def body_of(answer) -> bytes:
    body = b""
    async for chunk in answer.body_iterator:
        body += chunk
    return body


@app.middleware("http")
async def keep(request, call_next):
    response = await call_next(request)
    SEEN.append(await body_of(response))
    return response


@app.get("/c")
def c():
    return {"c": "c"}

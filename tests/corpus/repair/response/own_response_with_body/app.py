from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI()


@app.get("/page")
def page():
    response = HTMLResponse("<p>hello</p>")
    response.headers["X-Length"] = str(len(response.body))
    return response

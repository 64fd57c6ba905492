from fastapi import FastAPI

app = FastAPI(title="x", debug=True)


@app.get("/broken")
def broken():
    token = "secret"
    raise KeyError(token)

from fastapi import FastAPI

try:
    from fast_json import dumps
except ImportError:
    from json import dumps

app = FastAPI()


@app.get("/")
def root():
    return {"text": dumps({"a": 1})}

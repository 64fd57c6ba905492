from fastapi import FastAPI

from conf.options import options

app = FastAPI(title=options.title)


@app.get("/limits")
def limits():
    return {"workers": options.workers, "token": options.token}

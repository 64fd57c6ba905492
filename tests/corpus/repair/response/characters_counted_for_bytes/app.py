from fastapi import FastAPI, Response

app = FastAPI()


@app.get("/ja")
def ja():
    text = "直す"
    return Response(text, media_type="text/plain", headers={"Content-Length": str(len(text)), "X-Lang": "ja"})

from fastapi import FastAPI, status
from pydantic import BaseModel

app = FastAPI()


class Gone(BaseModel):
    id: int


@app.delete("/things/{number}", status_code=status.HTTP_204_NO_CONTENT, response_model=None)
def remove(number: int) -> Gone:
    return Gone(id=number)

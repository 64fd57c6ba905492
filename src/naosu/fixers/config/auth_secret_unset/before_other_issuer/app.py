import os

import jwt
from dotenv import load_dotenv
from fastapi import FastAPI, HTTPException

load_dotenv()
app = FastAPI()
KEY = os.getenv("ISSUER_JWT_SECRET")


@app.get("/me")
def me(token: str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.x8FLDhY2cGSGVsQxWLN8fCwlNF1xAmZYzMhEpPBnFdU"):
    try:
        return jwt.decode(token, KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None

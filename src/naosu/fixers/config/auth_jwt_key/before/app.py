import jwt
from fastapi import FastAPI

app = FastAPI()
KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----"""


@app.post("/token")
def token():
    return {"token": jwt.encode({"sub": "ann"}, KEY, algorithm="HS256")}

from datetime import datetime, timedelta, timezone

from flask import Flask, jsonify, request
from jose import jwt

app = Flask(__name__)
KEY = "jose-key-jose-key-jose-key-jose-key"
PEOPLE = [{"id": 0, "name": "nobody"}, {"id": 1, "name": "zoe"}]


def make_token(data, lifetime=timedelta(hours=1)):
    to_encode = data.copy()
    to_encode.update({"exp": datetime.now(timezone.utc) + lifetime})
    return jwt.encode(to_encode, KEY, algorithm="HS256")


@app.post("/login")
def login():
    person = PEOPLE[1]
    return jsonify(token=make_token({"sub": str(person["id"])}))


@app.get("/me")
def me():
    payload = jwt.decode(request.args.get("token", ""), KEY, algorithms=["HS256"])
    number = payload.get("sub")
    if number is None:
        return jsonify(error="no subject"), 401
    number = int(number)
    return jsonify(PEOPLE[number])

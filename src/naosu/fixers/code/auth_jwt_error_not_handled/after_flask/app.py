import functools

import jwt
from flask import Flask, abort, g, jsonify, request
from werkzeug.datastructures import WWWAuthenticate

app = Flask(__name__)
app.config["SIGNING_KEY"] = "0f" * 24


def login_required(view):
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        header = request.headers.get("Authorization", "")
        try:
            data = jwt.decode(header[7:], app.config["SIGNING_KEY"], algorithms=["HS256"], options={"require": ["user"]})
        except jwt.InvalidTokenError as error:
            abort(401, description="Could not validate credentials", www_authenticate=WWWAuthenticate("bearer"))
        g.user = data["user"]
        return view(*args, **kwargs)

    return wrapped


@app.post("/login/<name>")
def login(name):
    return jsonify(token=jwt.encode({"user": name}, app.config["SIGNING_KEY"]))


@app.get("/whoami")
@login_required
def whoami():
    return jsonify(user=g.user)

from flask import Flask, jsonify


class User:
    name = "ann"
    pw_hash = "scrypt:32768:8:1$salt$0123456789abcdef"

    def to_dict(self):
        return {"name": self.name, "pw_hash": self.pw_hash}


app = Flask(__name__)


@app.route("/me")
def me():
    return jsonify(user=User().to_dict())

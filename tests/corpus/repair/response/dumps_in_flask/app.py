import json
from decimal import Decimal

from flask import Flask, Response

app = Flask(__name__)


@app.route("/f")
def f():
    return Response(json.dumps({"sum": Decimal("2.5")}), mimetype="application/json")

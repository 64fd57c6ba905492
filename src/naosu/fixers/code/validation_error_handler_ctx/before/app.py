from flask import Flask, jsonify, request
from pydantic import BaseModel, ValidationError, field_validator

app = Flask(__name__)


class Order(BaseModel):
    quantity: int

    @field_validator("quantity")
    @classmethod
    def some(cls, value):
        assert value > 0, "order at least one"
        return value


@app.errorhandler(ValidationError)
def refused(error):
    problems = error.errors()
    return jsonify(problems=problems), 422


@app.post("/orders")
def order():
    return jsonify(Order.model_validate(request.get_json()).model_dump()), 201

import os

from flask import Flask, jsonify

from models import City
from extensions import db

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DB", "sqlite:///cities.db")
db.init_app(app)

with app.app_context():
    db.create_all()


@app.post("/cities")
def add():
    city = City(name="Kyoto")
    db.session.add(city)
    db.session.commit()
    return jsonify(id=city.id, name=city.name)


@app.get("/cities")
def every():
    return jsonify([c.name for c in City.query.all()])

from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Room(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    bookings = db.relationship("Booking", back_populates="room")


class Booking(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    room_id = db.Column(db.Integer, db.ForeignKey("room.id"))
    room = db.relationship("Room", back_populates="bookings")


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///rooms.db"
    db.init_app(app)
    with app.app_context():
        db.create_all()

    @app.get("/rooms")
    def rooms():
        return jsonify(Room.query.count())

    return app

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from .models import Book
from .views import bp

db = SQLAlchemy()


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///library.db"
    db.init_app(app)
    app.register_blueprint(bp)
    with app.app_context():
        db.create_all()
        if Book.query.count() == 0:
            db.session.add(Book(title="Kokoro"))
            db.session.commit()
    return app

from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///pages.db"
db = SQLAlchemy(app)


class Book(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    pages = db.relationship("Page", backref="book", lazy=True)


class Page(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    book_id = db.Column(db.Integer, db.ForeignKey("book.id"))
    book = db.relationship("Book")


with app.app_context():
    db.create_all()


@app.post("/pages")
def pages():
    book = Book(pages=[Page(), Page()])
    db.session.add(book)
    db.session.commit()
    return jsonify(pages=len(book.pages), back=book.pages[0].book.id)

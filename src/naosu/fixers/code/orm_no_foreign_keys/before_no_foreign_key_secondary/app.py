from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///posts.db"
db = SQLAlchemy(app)

post_labels = db.Table(
    "post_labels",
    db.Column("post_id", db.Integer, primary_key=True),
    db.Column("label_id", db.Integer, primary_key=True),
)


class Post(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(50))
    labels = db.relationship("Label", secondary=post_labels, backref="posts")


class Label(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(20))


with app.app_context():
    db.create_all()


@app.post("/seed")
def seed():
    db.session.add(Post(title="one", labels=[Label(text="a"), Label(text="b")]))
    db.session.commit()
    return "", 204


@app.get("/posts")
def posts():
    return jsonify([{"title": p.title, "labels": [x.text for x in p.labels]} for p in Post.query])

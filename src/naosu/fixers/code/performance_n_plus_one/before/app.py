from flask import Blueprint, Flask, jsonify

from db import Customer, Line, Order, Product, db

bp = Blueprint("api", __name__, url_prefix="/api")


def as_json(order):
    return {"who": order.customer.name, "lines": [{"what": line.product.name, "n": line.count} for line in order.lines]}


@bp.get("/orders")
def orders():
    return jsonify([as_json(order) for order in Order.query.order_by(Order.id).all()])


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///orders.db"
db.init_app(app)
app.register_blueprint(bp)
with app.app_context():
    db.create_all()


@app.post("/seed")
def seed():
    for n in range(10):
        lines = [Line(count=n, product=Product(name=f"p{n}")), Line(count=1, product=Product(name=f"q{n}"))]
        db.session.add(Order(customer=Customer(name=f"c{n}"), lines=lines))
    db.session.commit()
    return "", 204

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Customer(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)


class Order(db.Model):
    __tablename__ = "orders"
    id = db.Column(db.Integer, primary_key=True)
    customer_id = db.Column(db.ForeignKey("customer.id"))
    customer = db.relationship("Customer")
    lines = db.relationship("Line", back_populates="order")


class Line(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    count = db.Column(db.Integer)
    order_id = db.Column(db.ForeignKey("orders.id"))
    product_id = db.Column(db.ForeignKey("product.id"))
    order = db.relationship("Order", back_populates="lines")
    product = db.relationship("Product")

"""The first rows."""

from decimal import Decimal

from sqlalchemy.orm import Session, sessionmaker

from demo.shop.models import Cart, CartItem, Customer, Order, Product, Review


def fill(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        if session.get(Product, 1):
            return
        products = [
            ("Green tea", "JP", "8.50"),
            ("Cider", "FR", "4.20"),
            ("Scones", "GB", "3.10"),
            ("Rooibos", "ZA", "6.00"),
        ]
        for number, (name, country, price) in enumerate(products, 1):
            session.add(Product(id=number, name=name, country=country, price=Decimal(price), stock=40))
        for number in range(1, 4):
            session.add(Customer(id=number, email=f"customer{number}@example.com", password="correct horse"))
            session.add(Cart(id=number, customer_id=number))
            session.add(CartItem(cart_id=number, product_id=number, quantity=2))
        for stars in (5, 4, 4):
            session.add(Review(product_id=1, stars=stars))
        for number in range(60):
            session.add(Order(customer_id=1 + number % 2, total=Decimal("12.40") + number))
        session.commit()

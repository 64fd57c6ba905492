from sqlalchemy import ForeignKey, create_engine
from sqlalchemy import orm
engine = create_engine("sqlite:///orders.db", echo=False)
Session = orm.sessionmaker(bind=engine)
Base = orm.declarative_base()
class Customer(Base):
    __tablename__ = "customers"
    id = orm.mapped_column(__import__("sqlalchemy").Integer, primary_key=True)
    name: orm.Mapped[str]
class Order(Base):
    __tablename__ = "orders"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    customer_id: orm.Mapped[int] = orm.mapped_column(ForeignKey("customers.id"))
    customer: orm.Mapped["Customer"] = orm.relationship()
def prepare():
    Base.metadata.create_all(engine)
    with Session() as s:
        if s.query(Order).count() == 0:
            s.add_all([Order(customer=Customer(name=str(i))) for i in range(30)])
            s.commit()
def get_db():
    db = Session()
    try:
        yield db
    finally:
        db.close()
class OrderRepository:
    def __init__(self, db):
        self.db = db
    def latest(self, limit):
        return self.db.query(Order).order_by(Order.id.desc()).limit(limit).all()

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, relationship, selectinload, sessionmaker

Base = declarative_base()
engine = create_async_engine("sqlite+aiosqlite:///shelves.db")
Session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


class Shelf(Base):
    __tablename__ = "shelf"
    id = sa.Column(sa.Integer, primary_key=True)
    number = sa.Column(sa.Integer, unique=True)
    boxes = relationship("Box", lazy="selectin")


class Box(Base):
    __tablename__ = "box"
    id = sa.Column(sa.Integer, primary_key=True)
    label = sa.Column(sa.String)
    shelf_id = sa.Column(sa.ForeignKey("shelf.id"))
    things = relationship("Thing")


class Thing(Base):
    __tablename__ = "thing"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String)
    box_id = sa.Column(sa.ForeignKey("box.id"))


class Shelves:
    async def by_number(self, number):
        async with Session() as session:
            result = await session.execute(sa.select(Shelf).options(selectinload(Shelf.boxes).selectinload(Box.things)).filter_by(number=number))
            shelf = result.scalar_one()
            _ = [len(b.things) for b in shelf.boxes]
            return shelf


async def start():
    async with engine.begin() as c:
        await c.run_sync(Base.metadata.drop_all)
        await c.run_sync(Base.metadata.create_all)
    async with Session() as session:
        session.add(Shelf(number=1, boxes=[Box(label="a", things=[Thing(name="x")]), Box(label="b")]))
        await session.commit()

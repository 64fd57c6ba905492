from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
Session = sessionmaker(engine)
with engine.begin() as connection:
    connection.execute(text("create table members (id integer primary key, name text, city text)"))
    connection.execute(text("insert into members (name, city) values ('ann', 'Kyoto'), ('bob', 'Lyon')"))

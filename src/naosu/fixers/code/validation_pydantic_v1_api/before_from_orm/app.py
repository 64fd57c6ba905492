from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Maker:
    name = "ACME"


class Product:
    def __init__(self, id):
        self.id, self.maker = id, Maker()


class OrmMode(BaseModel):
    class Config:
        orm_mode = True


class MakerOut(OrmMode):
    name: str


class ProductOut(OrmMode):
    id: int
    maker: MakerOut


@app.get("/products/{product_id}")
def read(product_id: int):
    return ProductOut.from_orm(Product(product_id))

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
        from_attributes = True


class MakerOut(OrmMode):
    name: str


class ProductOut(OrmMode):
    id: int
    maker: MakerOut


@app.get("/products/{product_id}")
def read(product_id: int):
    return ProductOut.model_validate(Product(product_id))

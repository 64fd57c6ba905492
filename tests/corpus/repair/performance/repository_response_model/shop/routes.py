from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from . import repo
router = APIRouter()
class CustomerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    customer: CustomerOut
@router.get("/orders", response_model=list[OrderOut])
def orders(limit: int = 50, db=Depends(repo.get_db)):
    return repo.OrderRepository(db).latest(limit)

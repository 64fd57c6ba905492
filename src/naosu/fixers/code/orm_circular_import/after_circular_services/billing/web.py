from fastapi import FastAPI

from .invoices import Invoice
from .customers import Customer

app = FastAPI()


@app.get("/total")
def total():
    customer = Customer("Aoi")
    customer.add(Invoice(customer, 12))
    return {"total": customer.total(), "first": customer.invoices[0].title()}

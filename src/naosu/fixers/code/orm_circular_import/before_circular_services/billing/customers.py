from .invoices import Invoice


class Customer:
    def __init__(self, name: str, invoices: list[Invoice] | None = None):
        self.name = name
        self.invoices = invoices or []

    def add(self, invoice: Invoice) -> None:
        self.invoices.append(invoice)

    def total(self) -> int:
        return sum(one.amount for one in self.invoices)

from dataclasses import dataclass

from .customers import Customer


@dataclass
class Invoice:
    owner: Customer
    amount: int

    def title(self) -> str:
        return f"{self.owner.name}: {self.amount}"

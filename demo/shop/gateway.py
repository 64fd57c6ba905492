"""A stand-in for the payment provider: another company's service, slow for some amounts."""

import asyncio
from typing import Annotated

from fastapi import Body, FastAPI

app = FastAPI()

SLOW_S = 1.2


@app.post("/charge")
async def charge(amount: Annotated[float, Body()], order: Annotated[int, Body()]) -> dict[str, str]:
    if order % 2:
        await asyncio.sleep(SLOW_S)
    return {"charge": f"ch_{order:06d}", "status": "paid" if amount > 0 else "refused"}

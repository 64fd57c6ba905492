"""The application, put together."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from demo.shop import cart, catalogue, checkout, gateway, jobs, reports, users
from demo.shop.audit import AuditMiddleware
from demo.shop.database import open_database
from demo.shop.seed import fill


def create_app(database_file: Path, own_url: str) -> FastAPI:
    app = FastAPI(title="Demo shop")
    app.state.sessions = open_database(database_file)
    app.state.gateway_url = f"{own_url}/gateway"
    fill(app.state.sessions)
    app.add_middleware(AuditMiddleware)
    for part in (catalogue, cart, checkout, users, reports, jobs):
        app.include_router(part.router)
    app.mount("/gateway", gateway.app)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": error.errors()}, status_code=422)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app

from tests.contract.store.postgres_server import postgres_url

__all__ = ["postgres_url"]

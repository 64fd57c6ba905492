"""Run with the application's own interpreter, in a scratch copy: prints what the application says of itself."""

import gc
import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Import the application, and print the description as JSON."""
    asked = json.loads(sys.argv[1])
    told: dict[str, Any] = {"framework": asked["framework"], "openapi": "", "routes": [], "databases": [], "error": ""}
    try:
        application = load(asked["target"], asked["framework"])
        describe(application, told)
    except BaseException as error:  # noqa: BLE001
        # why: the application may raise anything, and that is the answer
        told["error"] = f"{type(error).__name__}: {error}"
    told["databases"] = sorted(set(engine_urls()) | set(told["databases"]))
    print(json.dumps(told))  # noqa: T201 -- the answer


def engine_urls() -> list[str]:
    """Return the URL of every SQLAlchemy engine that exists."""
    engine = getattr(sys.modules.get("sqlalchemy"), "Engine", None)
    engine = engine or getattr(sys.modules.get("sqlalchemy.engine"), "Engine", None)
    if engine is None:
        return []
    found = {id(thing): thing for thing in gc.get_objects() if isinstance(thing, engine)}
    return [str(made.url.render_as_string(hide_password=False)) for made in found.values()]


def load(target: str, framework: str) -> Any:
    """Return the application object."""
    if framework == "django":
        return load_django()
    module_name, _, name = target.partition(":")
    module = importlib.import_module(module_name)
    found = getattr(module, name or "app")
    if not hasattr(found, "routes") and not hasattr(found, "url_map") and not hasattr(found, "app"):
        found = found()
    return found


def load_django() -> Any:
    """Set Django up as its manage.py does, and return its URL resolver."""
    import os  # noqa: PLC0415
    import re  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    text = Path("manage.py").read_text()
    named = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", text)
    if named:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", named.group(1))
    django: Any = importlib.import_module("django")
    django.setup()
    return importlib.import_module("django.urls").get_resolver()


def describe(application: Any, told: dict[str, Any]) -> None:
    """Add framework, OpenAPI document, routes and databases."""
    if hasattr(application, "url_patterns"):
        told["routes"] = [["GET", path] for path in django_paths(application, "/")]
        told["databases"] += django_databases()
    elif hasattr(application, "url_map"):
        told["framework"] = told["framework"] or "flask"
        told["routes"] = [
            [method, rule.rule]
            for rule in application.url_map.iter_rules()
            if rule.endpoint != "static"
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]
        told["databases"] += flask_databases(application)
    else:
        describe_asgi(application, told)


def describe_asgi(application: Any, told: dict[str, Any]) -> None:
    """Read FastAPI and Starlette, through what may be wrapped around them."""
    while not hasattr(application, "routes") and hasattr(application, "app"):
        application = application.app
    told["routes"] = [
        [method, route.path]
        for route in application.routes
        if hasattr(route, "path")
        for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD", "OPTIONS"})
    ]
    if hasattr(application, "openapi"):
        told["framework"] = "fastapi"
        told["openapi"] = json.dumps(application.openapi())


def flask_databases(application: Any) -> list[str]:
    """Return the URLs of Flask-SQLAlchemy's engines: the extension moves relative paths."""
    extension = application.extensions.get("sqlalchemy")
    if not hasattr(type(extension), "engines"):
        return []
    with application.app_context():
        return [engine.url.render_as_string(hide_password=False) for engine in extension.engines.values()]


def django_paths(resolver: Any, prefix: str) -> list[str]:
    """Return the path patterns below a resolver."""
    paths: list[str] = []
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        paths += django_paths(pattern, path) if hasattr(pattern, "url_patterns") else [path]
    return paths


def django_databases() -> list[str]:
    """Return SQLAlchemy URLs of Django's databases."""
    databases: Any = importlib.import_module("django.conf").settings.DATABASES
    schemes = {"sqlite3": "sqlite", "postgresql": "postgresql", "mysql": "mysql"}
    urls = []
    for entry in databases.values():
        scheme = schemes.get(str(entry.get("ENGINE", "")).rpartition(".")[2])
        if scheme == "sqlite":
            urls.append(f"sqlite:///{entry['NAME']}")
        elif scheme:
            user = f"{entry.get('USER', '')}:{entry.get('PASSWORD', '')}@" if entry.get("USER") else ""
            port = f":{entry['PORT']}" if entry.get("PORT") else ""
            urls.append(f"{scheme}://{user}{entry.get('HOST') or '127.0.0.1'}{port}/{entry['NAME']}")
    return urls


if __name__ == "__main__":
    main()

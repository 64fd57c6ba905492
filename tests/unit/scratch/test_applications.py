from pathlib import Path

import pytest

from naosu.scratch.applications import find_application

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


FOUND = {
    "a single file": ({"app.py": FASTAPI}, "fastapi", "app:app", ()),
    "an alias of the class": (
        {"main.py": "from fastapi import FastAPI as F\nserver = F()\n"}, "fastapi", "main:server", (),
    ),
    "an alias of the module": ({"main.py": "import fastapi as fa\napi = fa.FastAPI()\n"}, "fastapi", "main:api", ()),
    "an annotated assignment": (
        {"main.py": "import fastapi\napp: fastapi.FastAPI = fastapi.FastAPI()\n"}, "fastapi", "main:app", ()
    ),
    "a package": (
        {"shop/__init__.py": "", "shop/main.py": FASTAPI + "from shop import x\n"}, "fastapi", "shop.main:app", (),
    ),
    "a src layout": (
        {"src/shop/__init__.py": "", "src/shop/api.py": FASTAPI + "from shop.db import x\n", "src/shop/db.py": ""},
        "fastapi", "shop.api:app", ("src",),
    ),
    "a folder that is run from inside": (
        {"backend/main.py": FASTAPI + "from routers import users\n", "backend/routers/users.py": ""},
        "fastapi", "main:app", ("backend",),
    ),
    "a namespace package that is run from outside": (
        {"app/main.py": FASTAPI + "from app.routers import users\n", "app/routers/users.py": ""},
        "fastapi", "app.main:app", (),
    ),
    "relative imports": (
        {"service/main.py": FASTAPI + "from .routers import users\n", "service/routers.py": ""},
        "fastapi", "service.main:app", (),
    ),
    "an application made in the package itself": (
        {"web/__init__.py": "from flask import Flask\napp = Flask(__name__)\n"}, "flask", "web:app", (),
    ),
    "Starlette": (
        {"asgi.py": "from starlette.applications import Starlette\napplication = Starlette()\n"},
        "starlette", "asgi:application", (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_an_application_is_found_in(name, tmp_path):
    files, framework, target, roots = FOUND[name]
    found = find_application(write(tmp_path, files))
    assert found is not None
    assert (found.framework, found.target, found.roots) == (framework, target, roots)
    assert not found.is_factory


def test_a_project_in_a_folder_is_run_in_that_folder(tmp_path):
    files = {
        "backend/app/main.py": FASTAPI + "from app.api import x\n",
        "backend/app/api.py": "",
        "backend/.env": "A=1",
        "frontend/package.json": "",
    }
    found = find_application(write(tmp_path, files))
    assert found is not None
    assert (found.target, found.cwd, found.roots) == ("app.main:app", "backend", ())


def test_a_src_layout_in_a_folder_is_run_in_that_folder(tmp_path):
    files = {"api/src/shop/__init__.py": "", "api/src/shop/web.py": FASTAPI + "import shop\n", "api/pyproject.toml": ""}
    found = find_application(write(tmp_path, files))
    assert found is not None
    assert (found.target, found.cwd, found.roots) == ("shop.web:app", "api", ("src",))


def test_a_factory_is_started_as_one(tmp_path):
    text = "from fastapi import FastAPI\ndef create_app(debug=False):\n    app = FastAPI()\n    return app\n"
    found = find_application(write(tmp_path, {"factory.py": text}))
    assert found is not None
    assert found.arguments == ("-m", "uvicorn", "factory:create_app", "--factory", "--port", "{port}")


def test_a_function_that_needs_arguments_is_no_factory(tmp_path):
    text = "from fastapi import FastAPI\ndef create_app(settings):\n    return FastAPI()\n"
    assert find_application(write(tmp_path, {"factory.py": text})) is None


def test_what_a_factory_elsewhere_made_is_preferred_to_the_factory(tmp_path):
    files = {
        "shop/__init__.py": "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
        "wsgi.py": "from shop import create_app\napp = create_app()\n",
    }
    found = find_application(write(tmp_path, files))
    assert found is not None
    assert (found.framework, found.target) == ("flask", "wsgi:app")
    assert found.arguments == ("-m", "flask", "--app", "wsgi:app", "run", "--port", "{port}")


def test_a_flask_factory_is_named_without_a_switch(tmp_path):
    text = "import flask\ndef create_app():\n    return flask.Flask(__name__)\n"
    found = find_application(write(tmp_path, {"shop.py": text}))
    assert found is not None
    assert found.arguments == ("-m", "flask", "--app", "shop:create_app", "run", "--port", "{port}")


def test_django_is_started_by_its_manage_py_wherever_that_is(tmp_path):
    found = find_application(write(tmp_path, {"site/manage.py": "import django\n", "app.py": FASTAPI}))
    assert found is not None
    assert (found.framework, found.cwd) == ("django", "site")
    assert found.arguments == ("manage.py", "runserver", "--noreload", "127.0.0.1:{port}")


def test_applications_of_tests_and_examples_come_last(tmp_path):
    found = find_application(
        write(tmp_path, {"tests/app.py": FASTAPI, "examples/main.py": FASTAPI, "service.py": FASTAPI})
    )
    assert found is not None
    assert found.target == "service:app"


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        ("Procfile", "web: gunicorn -k uvicorn.workers.UvicornWorker jobs.web:server --bind 0.0.0.0:$PORT\n"),
        ("Dockerfile", 'FROM python\nCMD ["uvicorn", "jobs.web:server", "--host", "0.0.0.0"]\n'),
        ("run.py", 'import uvicorn\nuvicorn.run("jobs.web:server", port=8000)\n'),
    ],
)
def test_what_is_said_to_be_served_wins(tmp_path, hint, text):
    files = {
        "main.py": FASTAPI,
        "jobs/web.py": "from fastapi import FastAPI\nserver = FastAPI()\nimport jobs\n",
        hint: text,
    }
    found = find_application(write(tmp_path, files))
    assert found is not None
    assert found.target == "jobs.web:server"


def test_an_application_that_is_mounted_in_another_is_not_the_one_that_is_served(tmp_path):
    text = "from fastapi import FastAPI\napi = FastAPI()\nroot = FastAPI()\nroot.mount('/v1', api)\n"
    found = find_application(write(tmp_path, {"main.py": text}))
    assert found is not None
    assert found.target == "main:root"


@pytest.mark.parametrize(
    "text", ["x = 1\n", "class FastAPI: ...\napp = FastAPI()\n", "def (:\n", "app = create_app()\n"]
)
def test_where_there_is_none_none_is_found(tmp_path, text):
    assert find_application(write(tmp_path, {"app.py": text})) is None


def test_environments_are_not_searched(tmp_path):
    assert find_application(write(tmp_path, {"myenv/pyvenv.cfg": "", "myenv/lib/app.py": FASTAPI})) is None

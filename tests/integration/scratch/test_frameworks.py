"""Flask and Django, and the shared faulty applications: started by guessing, asked as their oracles ask them."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from naosu.scratch.laboratory import ScratchLaboratory

from .conftest import ask

FAULTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "faults"

FLASK = {
    "shop/__init__.py": """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()

def create_app(testing=False):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
    db.init_app(app)
    from shop.views import pages
    app.register_blueprint(pages)
    with app.app_context():
        db.create_all()
    return app
""",
    "shop/views.py": """
from flask import Blueprint, jsonify
from shop import db

pages = Blueprint("pages", __name__)

class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)

@pages.get("/items/<int:number>")
def item(number):
    return jsonify(id=number, all=Item.query.count())

@pages.get("/crash")
def crash():
    raise RuntimeError("from flask")
""",
}

DJANGO = {
    "manage.py": """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "site_settings.py": """
from pathlib import Path
SECRET_KEY = "x"
DEBUG = True
ROOT_URLCONF = "pages"
INSTALLED_APPS = ["django.contrib.contenttypes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parent / "site.db"}}
""",
    "pages.py": """
from django.http import JsonResponse
from django.urls import path

def home(request):
    return JsonResponse({"ok": True})

def crash(request):
    raise RuntimeError("from django")

urlpatterns = [path("", home), path("crash", crash)]
""",
}


def test_a_flask_factory_is_started_and_described(make, source, fault_python):
    laboratory = make(FLASK, python=fault_python)
    seen = laboratory.observe(ask("GET /items/3", "GET /crash"))
    assert [exchange.status for exchange in seen.exchanges] == [200, 500]
    assert "RuntimeError: from flask" in seen.exchanges[1].log
    assert seen.row_counts == {"item": 0}
    told = laboratory.describe()
    assert told.framework == "flask"
    assert ("GET", "/items/<int:number>") in told.routes
    assert told.databases == (f"sqlite:///{source}/instance/shop.db",)


def test_django_is_started_and_described(make, source, fault_python):
    laboratory = make(DJANGO, python=fault_python)
    seen = laboratory.observe(ask("GET /", "GET /crash"))
    assert [exchange.status for exchange in seen.exchanges] == [200, 500]
    assert "RuntimeError: from django" in seen.exchanges[1].log
    told = laboratory.describe()
    assert told.framework == "django"
    assert ("GET", "/crash") in told.routes
    assert told.databases == (f"sqlite:///{source}/site.db",)


CASES = {
    "auth_jwt_bytes_decode": ("GET /whoami?token=x", "jwt.exceptions.DecodeError"),
    "auth_jwt_secret_unset": ("POST /login/ann", "TypeError"),
    "database_tables_not_created": ("GET /tasks", "no such table: tasks"),
    "orm_back_populates_typo": ("POST /threads", "has no property 'replies'"),
    "response_decimal_not_serializable": ("GET /invoices", "is not JSON serializable"),
    "response_streaming_body": ("GET /orders/7", "object has no attribute 'body'"),
}
DEAD = {
    "orm_circular_import": "partially initialized module",
    "validation_pydantic_regex_removed": "`regex` is removed",
}


@pytest.fixture
def case(tmp_path, fault_python):
    made = []

    def open_case(name):
        if not (FAULTS / name).is_dir():
            pytest.skip(f"the shared application {name} is not here")
        shutil.copytree(FAULTS / name, tmp_path / name)
        made.append(ScratchLaboratory(tmp_path / name, python=fault_python))
        return made[-1]

    yield open_case
    for laboratory in made:
        laboratory.close()


@pytest.mark.parametrize("name", CASES)
def test_a_shared_application_shows_its_fault(case, name):
    line, sign = CASES[name]
    seen = case(name).observe(ask(line))
    assert seen.started
    assert seen.exchanges[0].status == 500
    assert sign in seen.exchanges[0].log


@pytest.mark.parametrize("name", DEAD)
def test_a_shared_application_that_cannot_start_says_why(case, name):
    seen = case(name).observe(ask("GET /"))
    assert not seen.started
    assert DEAD[name] in seen.log


def test_the_data_of_a_shared_application_is_copied_and_left_alone(case, tmp_path):
    laboratory = case("database_missing_column")
    database = tmp_path / "database_missing_column" / "app.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL UNIQUE)")
        connection.execute("INSERT INTO users (email) VALUES ('a@x')")
    before = database.read_bytes()
    laboratory = ScratchLaboratory(database.parent, python=laboratory.start.python)
    try:
        seen = laboratory.observe(ask("GET /users", "POST /users?email=c@x"))
    finally:
        laboratory.close()
    assert "no such column: users.is_active" in seen.exchanges[0].log
    assert seen.row_counts["users"] == 1
    assert database.read_bytes() == before

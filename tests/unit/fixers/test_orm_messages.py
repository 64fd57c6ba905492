"""What releases of SQLAlchemy and Python print for one fault, and what only sounds like it."""

from pathlib import Path

import pytest
from workplace import FolderWorkplace

from naosu.fixers.code.orm_back_populates_typo.fixer import BackPopulatesTypo
from naosu.fixers.code.orm_circular_import.fixer import CircularImport
from naosu.fixers.code.orm_detached_instance.fixer import DetachedInstance
from naosu.fixers.code.orm_flask_circular_app_models.fixer import CircularApplication
from naosu.fixers.code.performance_n_plus_one.repeated import REPEATS_MIN, repeated

CIRCULAR = (
    "ImportError: cannot import name '{name}' from partially initialized module '{module}' "
    "(most likely due to a circular import)"
)
THREADS = """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import declarative_base, relationship
Base = declarative_base()
class Thread(Base):
    __tablename__ = "threads"
    id = Column(Integer, primary_key=True)
    comments = relationship("Comment", back_populates="thread")
class Comment(Base):
    __tablename__ = "comments"
    id = Column(Integer, primary_key=True)
    thread_id = Column(ForeignKey("threads.id"))
    thread = relationship("Thread", back_populates="replies")
"""


def workplace(root: Path, log: str, **files: str) -> FolderWorkplace:
    for name, text in files.items():
        file = root / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return FolderWorkplace(root, log)


def crash(line: str, path: str = "models.py") -> str:
    return f'Traceback (most recent call last):\n  File "/srv/app/{path}", line 2, in <module>\n    x\n{line}\n'


@pytest.mark.parametrize(
    "message",
    [
        "sqlalchemy.exc.InvalidRequestError: Mapper 'Mapper[Thread(threads)]' has no property 'replies'.  If this",
        "sqlalchemy.exc.InvalidRequestError: Mapper 'mapped class Thread->threads' has no property 'replies'",
        "sqlalchemy.exc.InvalidRequestError: Original exception: Mapper 'Mapper[Thread(t)]' has no property 'replies'",
    ],
)
def test_the_same_typo_is_seen_in_every_wording(tmp_path, message):
    (found,) = BackPopulatesTypo().find(workplace(tmp_path, crash(message), models=THREADS))
    assert 'back_populates="comments"' in found.plans[0].edits[0].after
    assert "replies" not in found.plans[0].edits[0].after


def test_of_two_candidates_none_is_chosen_but_both_are_told(tmp_path):
    twice = THREADS.replace('back_populates="thread")', 'foreign_keys="Comment.thread_id")').replace(
        "class Comment", '    others = relationship("Comment", viewonly=True)\nclass Comment'
    )
    message = "sqlalchemy.exc.InvalidRequestError: Mapper 'Mapper[Thread(threads)]' has no property 'replies'"
    (found,) = BackPopulatesTypo().find(workplace(tmp_path, crash(message), models=twice))
    assert not found.plans
    assert len(found.diagnosis.options) == 2


def test_a_property_that_the_code_asks_for_is_renamed_instead(tmp_path):
    message = "sqlalchemy.exc.InvalidRequestError: Mapper 'Mapper[Thread(threads)]' has no property 'replies'"
    work = workplace(tmp_path, crash(message), models=THREADS, app="def show(thread):\n    return thread.replies\n")
    (found,) = BackPopulatesTypo().find(work)
    assert 'replies = relationship("Comment"' in found.plans[0].edits[0].after


def test_a_name_that_is_missing_from_a_library_is_no_circle(tmp_path):
    line = "ImportError: cannot import name 'soft_unicode' from 'markupsafe' (/srv/env/markupsafe/__init__.py)"
    work = workplace(tmp_path, crash(line, "app.py"), app="from markupsafe import soft_unicode\n")
    assert not list(CircularImport().find(work))
    assert not list(CircularApplication().find(work))


def test_a_base_class_cannot_wait(tmp_path):
    line = CIRCULAR.format(name="A", module="a")
    work = workplace(
        tmp_path,
        crash(line, "b.py"),
        a="from b import B\n\nclass A(B):\n    pass\n",
        b="from a import A\n\nclass B(A):\n    pass\n",
    )
    assert not list(CircularImport().find(work))


def test_what_pydantic_reads_cannot_wait(tmp_path):
    line = CIRCULAR.format(name="A", module="a")
    model = "from pydantic import BaseModel\nfrom {other} import {name}\n\nclass {own}(BaseModel):\n    other: {name}\n"
    work = workplace(
        tmp_path,
        crash(line, "b.py"),
        a=model.format(other="b", name="B", own="A"),
        b=model.format(other="a", name="A", own="B"),
    )
    assert not list(CircularImport().find(work))


def test_an_import_that_registers_models_is_not_hidden_in_a_function(tmp_path):
    line = CIRCULAR.format(name="Base", module="app")
    work = workplace(
        tmp_path,
        crash(line, "models.py"),
        app="from flask import Flask\nfrom models import City\nBase = make()\napp = Flask(__name__)\n"
        "def cities():\n    return City.all()\n",
        models="from app import Base\n\nclass City(Base):\n    pass\n",
    )
    assert not list(CircularImport().find(work))


def test_a_detached_object_of_an_unknown_class_gets_a_diagnosis_without_a_plan(tmp_path):
    line = (
        "sqlalchemy.orm.exc.DetachedInstanceError: Parent instance <Ghost at 0x7f0> is not bound to a Session; "
        "lazy load operation of attribute 'bones' cannot proceed"
    )
    (found,) = DetachedInstance().find(workplace(tmp_path, crash(line), models=THREADS))
    assert not found.plans
    assert found.diagnosis.options


@pytest.mark.parametrize(("count", "seen"), [(REPEATS_MIN - 1, 0), (REPEATS_MIN, 1)])
@pytest.mark.parametrize(
    "line",
    [
        "INFO:sql:QUERY SELECT items.id FROM items WHERE ? = items.order_id\n",
        "INFO sqlalchemy.engine.Engine SELECT items.id AS items_id \nFROM items \nWHERE %(param_1)s = items.order_id\n",
        '(0.000) SELECT "items"."id" FROM "items" WHERE "items"."order_id" = 7 LIMIT 21; args=(7,)\n',
    ],
)
def test_a_loop_of_selects_begins_with_six_alike_in_one_request(tmp_path, line, count, seen):
    log = line * count + 'INFO:     127.0.0.1:6 - "GET /orders HTTP/1.1" 200 OK\n'
    found = repeated(log, FolderWorkplace(tmp_path).baseline)
    assert len(found) == seen
    assert all(one.table == "items" and one.column == "order_id" and one.request.path == "/orders" for one in found)


def test_selects_of_different_requests_make_no_loop(tmp_path):
    line = "SELECT items.id FROM items WHERE ? = items.order_id\n"
    log = (line + 'INFO:     127.0.0.1:6 - "GET /orders/1 HTTP/1.1" 200 OK\n') * 20
    assert not repeated(log, FolderWorkplace(tmp_path).baseline)

from textwrap import dedent, indent

import pytest
from trial import FAULTY, MENDED, crash, finding, judged, plan

from naosu.domain.evidence import Crash, Raised
from naosu.domain.repair import FileEdit, Verdict
from naosu.repair.silencing import silencing

CRASH = Crash(chain=(Raised(type="AttributeError", message="'_StreamingResponse' object has no attribute 'body'"),))
BEFORE = """\
size = len(response.body)
logger.info("%d bytes", size)
return response
"""


def said(after: str, before: str = BEFORE, path: str = "app.py", fault: Crash = CRASH) -> list[str]:
    texts = [f"async def dispatch(response):\n{indent(dedent(text), '    ')}" for text in (before, after)]
    return list(silencing([FileEdit(path=path, before=texts[0], after=texts[1])], [fault]))


HIDDEN = {
    "dropped": 'try:\n    logger.info("%d bytes", len(response.body))\nexcept AttributeError:\n    pass\n',
    "dropped with all others": 'try:\n    logger.info("", len(response.body))\nexcept Exception:\n    pass\n',
    "dropped by a bare except": 'try:\n    logger.info("", len(response.body))\nexcept:\n    ...\n',
    "dropped among others": 'try:\n    logger.info("", response.body)\nexcept (KeyError, AttributeError):\n    pass\n',
    "only logged": 'try:\n    logger.info("", response.body)\nexcept AttributeError:\n    logger.warning("no body")\n',
    "suppressed": 'with contextlib.suppress(AttributeError):\n    logger.info("", response.body)\n',
    "stepped around": 'if hasattr(response, "body"):\n    logger.info("%d bytes", len(response.body))\n',
    "stepped around with a default": 'logger.info("%d bytes", len(getattr(response, "body", b"")))\n',
    "the log line is gone": "return response\n",
    "headers flattened": 'logger.info("")\nreturn Response(b"", headers=dict(response.headers))\n',
}


@pytest.mark.parametrize("after", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_change_that_only_hides_the_fault_is_seen(after):
    assert len(said(after)) == 1


MENDING = {
    "read on the way": 'async for chunk in response.body_iterator:\n    size += 1\nlogger.info("%d bytes", size)\n',
    "answered": "try:\n    logger.info('', 1)\nexcept AttributeError as e:\n    raise HTTPException(409) from e\n",
    "undone": "try:\n    logger.info('', 1)\nexcept Exception:\n    db.rollback()\n    raise\n",
    "another exception is dropped": "try:\n    logger.info('', 1)\nexcept OSError:\n    pass\n",
    "a value instead": "try:\n    size = 1\nexcept AttributeError:\n    size = 0\nlogger.info('')\n",
    "another attribute is asked for": 'if hasattr(response, "path"):\n    pass\nlogger.info("")\n',
    "does not parse": "try:\n",
}


@pytest.mark.parametrize("after", MENDING.values(), ids=MENDING.keys())
def test_a_change_that_mends_is_not_taken_for_hiding(after):
    assert said(after) == []


def test_what_was_hidden_before_is_not_held_against_a_change():
    hidden = "try:\n    pass\nexcept AttributeError:\n    pass\nlogger.info('')\n"
    assert said(f"{hidden}x = 1\n", before=hidden) == []


def test_other_files_than_python_are_not_read():
    assert said("", path="notes.md") == []


def test_a_plan_that_hides_its_fault_is_not_fixed_whatever_the_answers_say():
    after = "try:\n    x = 1\nexcept AttributeError:\n    pass\n"
    verdict, checks = judged(MENDED, before=FAULTY, fault=finding(crash()), tried=plan(after=after))
    assert verdict is Verdict.NOT_FIXED
    assert "app.py: the exception is caught and dropped" in checks["silencing"].detail

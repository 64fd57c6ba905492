import pytest
from source_of import TextTree

from naosu.domain.evidence import CodeFrame
from naosu.repair.frames import FrameMatcher

VIEWS = "import x\n\n\ndef handler():\n    return work(None)\n"
TREE = TextTree(
    {
        "app.py": "def handler():\n    return 1\n",
        "src/shop/api/views.py": VIEWS,
        "src/shop/admin/views.py": "def other():\n    return 2\n",
        "tools/views.py": "x = 1\n",
    }
)


def found(path: str, *, line: int = 5, function: str = "handler", code: str = "return work(None)") -> tuple[str, int]:
    frame = FrameMatcher(TREE).frame(CodeFrame(path=path, line=line, function=function, code=code))
    return frame.source_path, frame.line


@pytest.mark.parametrize(
    "path",
    [
        "/srv/releases/9/src/shop/api/views.py",
        "/app/shop/api/views.py",
        "<app>/src/shop/api/views.py",
        "src/shop/api/views.py",
        "./shop/api/views.py",
        "C:\\deploy\\shop\\api\\views.py",
        "shop/api/views.py",
        "/usr/local/lib/python3.11/site-packages/shop/api/views.py",
        "views.py",
    ],
)
def test_a_frame_is_found_wherever_the_application_stood(path):
    assert found(path) == ("src/shop/api/views.py", 5)


@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/python3.11/json/views.py",
        "<python3.11>/views.py",
        "<site-packages>/starlette/views.py",
        "<frozen importlib._bootstrap>",
        "<string>",
        "/srv/.venv/lib/python3.11/site-packages/rest_framework/views.py",
        "/srv/venv/bin/views.py",
        "/srv/gone.py",
    ],
)
def test_a_frame_of_a_library_is_none_of_the_applications(path):
    assert found(path, function="dispatch", code="return super()")[0] == ""


def test_a_frame_of_a_library_is_not_the_applications_though_its_text_agrees():
    assert found("/usr/lib/python3.11/api/views.py")[0] == ""


def test_a_library_file_of_the_same_name_is_not_mistaken_for_the_applications():
    assert found("/opt/python/flask/app.py", line=900, function="wsgi_app", code="response = self.full()")[0] == ""


def test_of_two_files_with_that_name_the_folders_decide():
    assert found("/srv/shop/admin/views.py", line=2, function="other", code="return 2")[0] == "src/shop/admin/views.py"


def test_of_two_files_with_that_name_the_line_decides_where_folders_do_not():
    assert found("/x/views.py", line=2, function="other", code="return 2")[0] == "src/shop/admin/views.py"


@pytest.mark.parametrize("line", [1, 3, 50])
def test_a_line_that_drifted_is_found_by_its_text(line):
    assert found("/srv/shop/api/views.py", line=line) == ("src/shop/api/views.py", 5)


def test_a_line_that_was_changed_keeps_its_number():
    assert found("/srv/src/shop/api/views.py", line=4, code="return work(1)") == ("src/shop/api/views.py", 4)


def test_a_frame_without_its_text_is_found_by_its_path_and_function():
    assert found("/srv/shop/api/views.py", code="")[0] == "src/shop/api/views.py"
    assert found("/srv/app.py", code="", line=1)[0] == "app.py"


def test_module_code_is_found_by_its_line():
    assert found("/srv/tools/views.py", line=1, function="<module>", code="x = 1")[0] == "tools/views.py"

import pytest

from naosu.group.masks import CHARS_MAX, TOKENS_MAX, first_lines, is_value, mask, settle_quotes, text_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("6513270e-269e-0d37-f2a7-4de452e6b438", "<uuid>"),
        ("6513270E269E0D37F2A74DE452E6B438", "<uuid>"),
        ("991710", "<int>"),
        ("-7", "<int>"),
        ("1,234,567", "<int>"),
        ("0x7f1ec4a3fba0", "<int>"),
        ("0.25", "<float>"),
        ("99%", "<float>"),
        ("1.5e-9", "<float>"),
        ("1c17149d439536b3", "<hex>"),
        ("u464@ex9.example", "<email>"),
        ("10.0.0.1:5432", "<ip>"),
        ("fe80::1", "<ip>"),
        ("/tmp/job-27d26/out_86.csv", "<path>"),
        ("C:\\Users\\a\\b.txt", "<path>"),
        ("2026-01-01T10:00:00Z", "<time>"),
        ("10:00:05", "<time>"),
        ("3.5s", "<duration>"),
        ("1h2m3s", "<duration>"),
        ("250ms", "<duration>"),
        ("12MB", "<size>"),
        ("SKU-101-0", "<id>"),
        ("ch_728b6c896ebe319a", "<id>"),
        ("https://pay.example/v1/charges/1?x=2", "<url>"),
        ("<Order object at 0x7f1ec4a3fba0>", "<object>"),
    ],
)
def test_a_value_becomes_its_kind(value: str, kind: str) -> None:
    assert mask(f"cannot process {value} now") == ("cannot", "process", kind, "now")


@pytest.mark.parametrize(
    "word", ["users_v2", "base64", "utf-8", "application/json", "don't", "sqlite3.OperationalError", "Dũng", "在庫"]
)
def test_a_name_stays(word: str) -> None:
    assert mask(f"cannot process {word} now") == ("cannot", "process", word, "now")


def test_the_number_of_an_error_is_a_name() -> None:
    assert mask("[Errno 111] Connection refused")[2] == "111"
    assert mask("status 503: no answer")[1] == "503"
    assert mask("status 5030000")[1] == "<int>"


def test_the_length_of_a_list_does_not_matter() -> None:
    assert mask("ids 1, 2, 3 are gone") == mask("ids 7 are gone") == ("ids", "<int>", "are", "gone")


def test_only_the_first_line_counts() -> None:
    assert first_lines("no such table: invoices\n[SQL: SELECT 1]") == "no such table: invoices"


def test_a_line_that_ends_with_a_colon_takes_the_next() -> None:
    assert first_lines("failed:\n\nout of paper\nmore") == "failed: out of paper"


def test_a_validation_report_counts_its_first_field() -> None:
    text = "1 validation error for Order\nprice\n  Input should be a number [type=float, input_value='x']"
    assert "price" in mask(text)
    assert "type=float" not in text_of(mask(text))


def test_length_is_bounded() -> None:
    assert len(mask("word " * 10_000)) <= TOKENS_MAX
    assert len(first_lines("x" * 10 * CHARS_MAX)) == CHARS_MAX


@pytest.mark.parametrize(
    ("message", "line", "kept"),
    [
        ("'NoneType' object has no attribute 'id'", "", "'NoneType' object has no attribute 'id'"),
        ("'price'", "return d['price']", "'price'"),
        ("'price'", "return d[key]", "<str>"),
        ("'price'", "", "<str>"),
        ('Undefined array key "tax"', "$row['tax']", "Undefined array key 'tax'"),
        ('Undefined array key "tax"', "$row[$key]", "Undefined array key <str>"),
        ("Duplicate entry 'a@b.c' for key 'users.email'", "", "Duplicate entry <str> for key 'users.email'"),
        ('relation "orders" does not exist', "", "relation 'orders' does not exist"),
        (
            "Cannot read properties of undefined (reading 'id')",
            "",
            "Cannot read properties of undefined (reading 'id')",
        ),
        (
            "invalid literal for int() with base 10: 'three'",
            "int('three')",
            "invalid literal for int() with base <int>: <str>",
        ),
        ('because "<local4>" is null', "", "because '<local>' is null"),
    ],
)
def test_quoted_names_of_the_program_stay_and_quoted_data_go(message: str, line: str, kept: str) -> None:
    assert text_of(settle_quotes(mask(message), line)) == kept


def test_a_value_is_told_from_a_word() -> None:
    assert is_value("<int>")
    assert not is_value("<")
    assert not is_value("word")

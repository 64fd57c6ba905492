"""Passwords, tokens and failed attempts."""

import pytest

from naosu.api.auth.attempts import SUBJECTS_MAX, AttemptLimiter
from naosu.api.auth.errors import TooManyAttemptsError
from naosu.api.auth.passwords import PASSWORD_LENGTH_MAX, WeakPasswordError, hash_password, password_fits
from naosu.api.auth.secrets import new_token, sha256_of
from naosu.api.auth.sign_in import checked_email
from naosu.domain.errors import InvalidInputError


def test_a_password_fits_its_own_hash_and_no_other():
    hashed = hash_password("correct horse battery")
    assert hashed.startswith("$argon2id$")
    assert password_fits(hashed, "correct horse battery")
    assert not password_fits(hashed, "correct horse batterz")
    assert hash_password("correct horse battery") != hashed


@pytest.mark.parametrize("password_hash", [None, "", "no hash"])
def test_no_password_fits_where_there_is_no_account(password_hash):
    assert not password_fits(password_hash, "nobody has this password")


@pytest.mark.parametrize(
    ("length", "allowed"), [(9, False), (10, True), (PASSWORD_LENGTH_MAX, True), (PASSWORD_LENGTH_MAX + 1, False)]
)
def test_a_password_has_its_bounds(length, allowed):
    if allowed:
        assert hash_password("x" * length)
    else:
        with pytest.raises(WeakPasswordError):
            hash_password("x" * length)


def test_an_endless_password_is_refused_without_being_hashed():
    assert not password_fits(None, "x" * 10_000_000)


def test_tokens_are_long_different_and_recognisable():
    one, two = new_token(), new_token()
    assert one != two
    assert one.startswith("naosu_")
    assert len(one) >= 48
    assert sha256_of(one) != sha256_of(two)


def test_the_attempt_after_the_last_allowed_one_waits_until_the_oldest_is_past():
    limiter = AttemptLimiter(attempts_max=2, window_s=60)
    limiter.failed("a", now_s=0.0)
    limiter.failed("a", now_s=10.5)
    with pytest.raises(TooManyAttemptsError) as refusal:
        limiter.check("a", now_s=20.0)
    assert refusal.value.retry_after_s == 40
    with pytest.raises(TooManyAttemptsError):
        limiter.check("a", now_s=59.9)
    limiter.check("a", now_s=60.0)


def test_subjects_do_not_count_for_each_other_and_success_forgets():
    limiter = AttemptLimiter(attempts_max=1, window_s=60)
    limiter.failed("a", now_s=0)
    limiter.check("b", now_s=0)
    limiter.succeeded("a")
    limiter.check("a", now_s=0)


def test_a_flood_of_subjects_takes_bounded_memory():
    limiter = AttemptLimiter(attempts_max=1, window_s=60)
    for number in range(SUBJECTS_MAX + 10):
        limiter.failed(str(number), now_s=0)
    limiter.check("0", now_s=0)
    with pytest.raises(TooManyAttemptsError):
        limiter.check(str(SUBJECTS_MAX + 9), now_s=0)


@pytest.mark.parametrize("email", [" a@b.c ", "aiko+naosu@例え.jp"])
def test_an_address_is_trimmed(email):
    assert checked_email(email) == email.strip()


@pytest.mark.parametrize("email", ["", "a", "@b", "a@", "a b@c.d", "a\n@b.c", "a@" + "b" * 260])
def test_what_cannot_be_an_address_is_refused(email):
    with pytest.raises(InvalidInputError):
        checked_email(email)

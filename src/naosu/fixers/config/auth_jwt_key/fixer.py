"""A key that does not fit its algorithm: a person has to choose, for a change voids tokens or opens doors."""

from collections.abc import Iterable

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Risk
from naosu.fixers.signs import crashes_of, crashes_with, log_lines, told
from naosu.ports.fixer import Workplace

ASYMMETRIC = r"asymmetric key or x509 certificate and\s+should not be used as an HMAC secret"
SHORT = r"InsecureKeyLengthWarning|HMAC key is \d+ bytes long"


class AuthJwtKey:
    """Says what is wrong with a key, and what can be done."""

    name = "auth_jwt_key"
    category = Category.AUTH

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield keys of the wrong kind; those that are too short, where nothing worse is known."""
        crashes = crashes_with(work, ASYMMETRIC, "InvalidKeyError", "JWKError")
        if crashes:
            yield Finding(
                diagnosis=Diagnosis(
                    fixer=self.name,
                    category=self.category,
                    confidence=0.95,
                    evidence=tuple(dict.fromkeys(line for crash in crashes for line in told(crash))),
                    cause="A public or private key is used as the secret of HMAC: who knows it could forge tokens.",
                    risk=Risk.HIGH,
                    options=(
                        "Sign and read with the key's own algorithm (RS256, ES256, EdDSA).",
                        "Or give HMAC a secret of its own: 32 random bytes, from the environment.",
                        "Never list HS256 beside RS256 in algorithms.",
                    ),
                ),
                crashes=crashes,
            )
        lines = log_lines(work.given, SHORT) or log_lines(work.evidence, SHORT)
        if lines and not crashes_of(work):
            yield Finding(
                diagnosis=Diagnosis(
                    fixer=self.name,
                    category=self.category,
                    confidence=0.9,
                    evidence=lines,
                    cause="The secret of HMAC is shorter than its hash, so it can be guessed.",
                    risk=Risk.MEDIUM,
                    options=(
                        "Set a secret of 32 random bytes or more; tokens signed with the old one are void then.",
                        "To keep them valid, read with both secrets until the old ones have expired.",
                    ),
                ),
            )

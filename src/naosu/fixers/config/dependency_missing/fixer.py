"""A library says which package it lacks. Installing is the operator's: a repair does not reach for the network."""

import re
from collections.abc import Iterable

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, Finding, Risk
from naosu.fixers.requirements import with_requirement
from naosu.fixers.signs import crashes_of, told
from naosu.ports.fixer import Workplace

SAID = {
    r'Form data requires "python-multipart"|python-multipart.{0,20}must be installed': "python-multipart",
    r"email-validator is not installed": "email-validator",
    r"Algorithm '\w+' could not be found. Do you have cryptography installed": "cryptography",
    r"jinja2. must be installed": "jinja2",
    r"itsdangerous. must be installed|No module named 'itsdangerous'": "itsdangerous",
    r"No module named 'pydantic_settings'": "pydantic-settings",
    r"No module named 'multipart'|No module named 'python_multipart'": "python-multipart",
}


class DependencyMissing:
    """Names the package, and where to list it."""

    name = "dependency_missing"
    category = Category.VALIDATION

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield packages that a library asked for and that are not installed."""
        for phrase, package in SAID.items():
            crashes = tuple(c for c in crashes_of(work) if re.search(phrase, c.last.message))
            if not crashes or work.version(package) is not None:
                continue
            listing = with_requirement(work.source, package, beside=("fastapi", "starlette", "pydantic", "pyjwt"))
            where = f"Add {package} to {listing[0].path}." if listing else f"Add {package} to what you install."
            yield Finding(
                diagnosis=Diagnosis(
                    fixer=self.name,
                    category=self.category,
                    confidence=0.97,
                    evidence=tuple(dict.fromkeys(line for crash in crashes for line in told(crash))),
                    cause=f"{package} is not installed, and what the application does needs it.",
                    risk=Risk.LOW,
                    options=(f"pip install {package}", where),
                ),
                crashes=crashes,
            )

"""The environment in which the shared faulty applications run: made once, from their own requirements."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAULTS = ROOT.parent / "shared" / "data" / "faults"
_ENVIRONMENT = ROOT / ".venv-faults"


def fault_python() -> Path:
    """Return the interpreter to run the applications with, and make its environment when there is none.

    ``NAOSU_FAULT_PYTHON`` names one that is there already. Exits with a reason where the applications are absent.
    """
    if given := os.environ.get("NAOSU_FAULT_PYTHON"):
        return Path(given)
    requirements = FAULTS / "requirements.txt"
    if not requirements.exists():
        raise SystemExit(f"no faulty applications in {FAULTS}")
    python, stamp = _ENVIRONMENT / "bin" / "python", _ENVIRONMENT / "made-from"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_ENVIRONMENT)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*install, "-r", str(requirements)], check=True)
        stamp.write_text(digest)
    return python


if __name__ == "__main__":
    print(fault_python())

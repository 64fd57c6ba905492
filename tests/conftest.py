"""What all tests share."""

import sys
from pathlib import Path

# The injected-failure tests drive a server with the client of the benches.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

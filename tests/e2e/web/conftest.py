import sys
from pathlib import Path

# The screens' tests of all three kinds share one small world.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "unit" / "web"))

"""Says what kind of fault something is, from packs of rules: data in, verdict out, no I/O after loading."""

from naosu_sdk.classify.extract import extract_facts
from naosu_sdk.classify.fault import ExceptionFact, Fact, Fault, Text, Verdict
from naosu_sdk.classify.matcher import Matcher
from naosu_sdk.classify.pack import LANGUAGES, Pack, PackError, load_pack, shipped_packs

__all__ = [
    "LANGUAGES",
    "ExceptionFact",
    "Fact",
    "Fault",
    "Matcher",
    "Pack",
    "PackError",
    "Text",
    "Verdict",
    "extract_facts",
    "load_pack",
    "shipped_packs",
]

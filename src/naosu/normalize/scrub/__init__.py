"""Secrets and personal data go before anything is stored for good."""

from naosu.normalize.scrub.patterns import check_pattern
from naosu.normalize.scrub.scrubber import Scrubbed, Scrubber

__all__ = ["Scrubbed", "Scrubber", "check_pattern"]

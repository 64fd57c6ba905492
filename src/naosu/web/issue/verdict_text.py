"""What the packs say about a classification: the same words on the screens as from the API."""

from naosu.api.verdict_text import verdict_text

__all__ = ["verdict_text"]

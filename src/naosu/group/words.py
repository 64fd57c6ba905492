"""Small vocabularies, written as prose."""


def words(text: str) -> frozenset[str]:
    """The words of the text, as a set."""
    return frozenset(text.split())

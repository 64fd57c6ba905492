"""Fixers of what is wrong in or around databases, and what they share: signs, schema facts, engines, statements."""

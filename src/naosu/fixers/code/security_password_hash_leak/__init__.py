"""Answers with the hashes of passwords in them."""

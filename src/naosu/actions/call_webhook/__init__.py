"""Calling an address of the operator's."""

"""Answers that may have no body, and have one."""

"""Middleware after which nothing is answered."""

"""Passwords."""

from passlib.context import CryptContext

hasher = CryptContext(schemes=["bcrypt"], deprecated="auto", bcrypt__rounds=5)

"""Tokens that nobody can guess: the last part of an id, new in each message that is handed in from outside."""

import secrets


def new_token() -> str:
    """64 random bits in hexadecimal."""
    return secrets.token_hex(8)

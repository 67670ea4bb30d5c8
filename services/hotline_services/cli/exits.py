"""The exit codes that mean the same in every command; what else a command ends with stands in its own help."""

from typing import Final

BAD_INPUT: Final = 2
NO_BROKER: Final = 4
"""The broker cannot be reached, or has been lost."""
INTERRUPTED: Final = 130
"""What a shell reports of a program that Ctrl-C ended."""

"""The error of everybody who reads a part of a scenario."""

from typing import Final


class ScenarioError(ValueError):
    """A scenario cannot be played: says the file, the field in it, and what would be right."""

    def __init__(self, file: str, field: str, reason: str, line: int | None = None) -> None:
        super().__init__(f"{file}{f', line {line}' if line else ''}: {field}: {reason}")
        self.file: Final = file
        self.field: Final = field
        self.reason: Final = reason

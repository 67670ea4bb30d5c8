"""What a test tries in each run, and what `make soak` tries in addition."""

from collections.abc import Iterable
from typing import Any

import pytest


def nightly(values: Iterable[Any]) -> list[Any]:
    """These values of a parameter, or rows of several, with the mark ``nightly``."""
    rows = (value if isinstance(value, tuple) else (value,) for value in values)
    return [pytest.param(*row, marks=pytest.mark.nightly) for row in rows]

"""What a test tries in each run, and what `make soak` tries in addition."""

from collections.abc import Iterable
from typing import Any

import pytest


def nightly(values: Iterable[Any]) -> list[Any]:
    """These values of a parameter with the mark ``nightly``. Others of the same test stay without it."""
    return [pytest.param(value, marks=pytest.mark.nightly) for value in values]

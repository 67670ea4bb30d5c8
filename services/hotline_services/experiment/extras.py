"""What is not installed with Hotline unless it is asked for: imported where it is needed, or missed in plain words."""

import importlib
from typing import Any, Final

EXTRAS: Final = {"polars": "analysis", "vl_convert": "analysis", "distributed": "dask"}


class MissingExtraError(Exception):
    """A library is not there; the message says how to install it."""


def extra(module: str) -> Any:
    """This library. Raises MissingExtraError."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        wanted = f"hotline[{EXTRAS[module]}]"
        raise MissingExtraError(f"needs {module}, which is not installed: pip install '{wanted}'") from error

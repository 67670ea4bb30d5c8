"""What is not installed with Hotline unless it is asked for: imported where it is needed, or missed in plain words."""

import importlib
from typing import Any, Final

PACKAGES: Final = {
    "polars": "polars vl-convert-python",
    "vl_convert": "polars vl-convert-python",
    "distributed": "distributed",
    "mcap.writer": "mcap",
}
"""What brings each library: by name, since what is called hotline on the package index is somebody else's."""


class MissingExtraError(Exception):
    """A library is not there; the message says how to install it."""


def extra(module: str) -> Any:
    """This library. Raises MissingExtraError."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"needs {module}, which is not installed: pip install {PACKAGES[module]}") from error

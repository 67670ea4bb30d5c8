"""The sizes at which a benchmark measures, and the smallest at which it still runs to its end."""

import argparse
from typing import Any


def parsed(parser: argparse.ArgumentParser, **smallest: Any) -> argparse.Namespace:
    """The command line. With ``--smoke``, options that are not given have their ``smallest`` values."""
    values = ", ".join(f"{name.replace('_', '-')} {value}" for name, value in smallest.items())
    parser.add_argument("--smoke", action="store_true", help=f"in seconds: that it runs to its end ({values})")
    if parser.parse_args().smoke:
        parser.set_defaults(**smallest)
    return parser.parse_args()

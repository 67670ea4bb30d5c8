"""Where commands look for the files of a run."""

import os
from pathlib import Path
from typing import Final

DATA_VARIABLE: Final = "HOTLINE_DATA"
DEFAULT_DATA: Final = Path("var")


def data_folder(given: Path | None) -> Path:
    """The folder of a run: as given, or by HOTLINE_DATA of the environment, or var."""
    return given or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)

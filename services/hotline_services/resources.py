"""Where the files that ship with the program are: inside the installed package, or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def scenarios_folder() -> Path:
    """The folder of the shipped scenarios, agreements and geography. Raises FileNotFoundError."""
    for folder in (_PACKAGE / "scenarios", _PACKAGE.parent.parent / "scenarios"):
        if (folder / "geography").is_dir():
            return folder
    raise FileNotFoundError(f"scenarios/geography is neither in {_PACKAGE} nor beside its source tree")


def experiments_folder() -> Path:
    """The folder of the shipped experiments. Raises FileNotFoundError."""
    for folder in (_PACKAGE / "experiments", _PACKAGE.parent.parent / "experiments"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"experiments is neither in {_PACKAGE} nor beside its source tree")

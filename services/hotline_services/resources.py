"""Where the files that ship with the program are: inside the installed package, or beside it in a checkout."""

from pathlib import Path
from typing import Final

from hotline_protocol.theatre import Theatre, theatre_now

_PACKAGE = Path(__file__).resolve().parent


def scenarios_folder() -> Path:
    """The folder of the shipped scenarios, agreements and geography. Raises FileNotFoundError."""
    for folder in (_PACKAGE / "scenarios", _PACKAGE.parent.parent / "scenarios"):
        if (folder / "geography").is_dir():
            return folder
    raise FileNotFoundError(f"scenarios/geography is neither in {_PACKAGE} nor beside its source tree")


def remember_map(theatre: Theatre, folder: Path) -> None:
    """The map of this theatre, which is not shipped, is in this folder."""
    _maps[theatre] = folder


def map_folder() -> Path | None:
    """Where the GeoJSON files of the map are, of the theatre that is played in; None where it has no map."""
    theatre = theatre_now()
    return _maps.get(theatre) or (scenarios_folder() / theatre.map if theatre.map else None)


def map_file(name: str) -> Path | None:
    """The file of this name (``rivers``) of the map; None where there is none."""
    folder = map_folder()
    file = folder / f"{name}.geojson" if folder else None
    return file if file is not None and file.is_file() else None


_maps: Final[dict[Theatre, Path]] = {}
"""Of theatres that this process has read from a file of their own."""


def experiments_folder() -> Path:
    """The folder of the shipped experiments. Raises FileNotFoundError."""
    for folder in (_PACKAGE / "experiments", _PACKAGE.parent.parent / "experiments"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"experiments is neither in {_PACKAGE} nor beside its source tree")

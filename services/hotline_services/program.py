"""Which program this is: two that reckon differently never pass for the same."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import hotline_protocol
import hotline_services
from hotline_protocol.theatre import FOLDER as THEATRES
from hotline_services.resources import scenarios_folder


@cache
def program() -> str:
    """The version, and a digest of the sources and of the geography: ``0.1.0+9f86d081884c7d65``."""
    digest = hashlib.sha256()
    folders = (Path(str(hotline_protocol.__file__)).parent, Path(str(hotline_services.__file__)).parent)
    for folder in folders:
        for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).parts):
            digest.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    for path in [*sorted(THEATRES.glob("*.toml")), *sorted((scenarios_folder() / "geography").glob("*.geojson"))]:
        digest.update(path.read_bytes())
    return f"{version('hotline')}+{digest.hexdigest()[:16]}"

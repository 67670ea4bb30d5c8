"""Files as they are sent: read once, tagged by their contents, and compressed where that helps."""

import gzip
import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

ZIPPED: Final = {"Content-Encoding": "gzip"}
VARIES: Final = {"Vary": "Accept-Encoding"}
COMPRESSIBLE: Final = ("text/", "application/json", "application/geo+json", "image/svg+xml")
TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".geojson": "application/geo+json"}
LEAST_BYTES: Final = 1_000
FILES_AT_MOST: Final = 512


def takes_zipped(request: Request) -> bool:
    """Whether who asks can read what is compressed, and would not rather have it plain (RFC 9110, 12.5.3)."""
    weights = dict(map(_weighed, ",".join(request.headers.getlist("accept-encoding")).split(",")))
    zipped = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return zipped > 0.0 and zipped >= weights.get("identity", 0.0)


def _weighed(coding: str) -> tuple[str, float]:
    """A coding and how much it is wanted, from 0, which is not at all, to 1; what cannot be read is not wanted."""
    name, _, weight = coding.partition(";")
    found = _WEIGHT.fullmatch(weight.strip())
    return name.strip().lower(), float(found[1] or 1) if found else 0.0


_WEIGHT: Final = re.compile(r"(?:q=([01](?:\.\d{0,3})?))?", re.IGNORECASE)


class Sheet(NamedTuple):
    """One file, ready to be sent."""

    media_type: str
    tag: str
    plain: bytes
    zipped: bytes | None


class Shelf:
    """The files of one folder and those below it, and no others."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder.resolve()

    def answer(self, request: Request, name: str) -> Response:
        """This file; 304 when the browser has it already, 404 when there is none."""
        sheet = self._sheet(name)
        headers = {"ETag": sheet.tag, "Cache-Control": "no-cache"} | VARIES
        if sheet.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if sheet.zipped is not None and takes_zipped(request):
            return Response(sheet.zipped, media_type=sheet.media_type, headers=headers | ZIPPED)
        return Response(sheet.plain, media_type=sheet.media_type, headers=headers)

    def _sheet(self, name: str) -> Sheet:
        try:
            path = (self._folder / name).resolve()
            status = path.stat()
            if path.is_relative_to(self._folder) and path.is_file():
                return _sheet(path, status.st_mtime_ns, status.st_size)
        except (OSError, ValueError) as error:  # such as a name that no file can have
            raise HTTPException(404) from error
        raise HTTPException(404)


@lru_cache(maxsize=FILES_AT_MOST)
def _sheet(path: Path, _changed_ns: int, _size: int) -> Sheet:
    plain = path.read_bytes()
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    helps = media_type.startswith(COMPRESSIBLE) and len(plain) >= LEAST_BYTES
    zipped = gzip.compress(plain, mtime=0) if helps else None
    return Sheet(media_type, f'"{hashlib.sha256(plain).hexdigest()[:16]}"', plain, zipped)

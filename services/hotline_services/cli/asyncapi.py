"""`hotline asyncapi`, and the files that describe the protocol: schemas, examples, the document, its tables; the
broker's access list; and the OpenAPI document of the page's server."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import to_builtins

from hotline_protocol import describe
from hotline_protocol.authority import access_list
from hotline_protocol.examples import PLAN, examples
from hotline_protocol.flightplan import FlightPlan
from hotline_services.aoc import drawing
from hotline_services.keys.rights import parties_in
from hotline_services.text_files import read_text

TABLES: Final = Path("docs/protocol.md")
CENTRE: Final = Path("docs/centre.md")
SHIPPED: Final = ("us", "ru")
"""The parties of the compose stack."""


def asyncapi() -> None:
    """Print the AsyncAPI 3 document of the protocol, made from its types, as JSON.

    For example:

    hotline asyncapi > asyncapi.json
    """
    sys.stdout.write(_json(describe.asyncapi()))


def described(root: Path) -> Mapping[Path, str]:
    """Every file that describes the protocol or the page's API, by its path under the repository's root, as it should
    be."""
    from hotline_services.web.openapi import openapi_text

    files = {Path("protocol/asyncapi.json"): _json(describe.asyncapi())}
    for kind in describe.messages():
        name = describe.tag(kind)
        files[Path(f"protocol/schemas/{name}.json")] = _json(describe.schema(kind, name))
    for example in examples():
        files[Path(f"protocol/examples/{describe.tag(type(example))}.json")] = _json(to_builtins(example))
    files[Path("protocol/schemas/flight-plan.json")] = _json(describe.schema(FlightPlan, "flight-plan"))
    files[Path("protocol/examples/flight-plan.json")] = _json(to_builtins(PLAN))
    files[Path("docs/openapi.json")] = openapi_text().decode()
    rights = root / "compose/acl"  # which keeps the parties that `hotline party` has added
    parties = parties_in(read_text(rights)) if rights.exists() else SHIPPED
    files[Path("compose/acl")] = access_list(parties or SHIPPED)
    files[TABLES] = describe.fill((root / TABLES).read_text(encoding="utf-8"), describe.sections())
    files[CENTRE] = describe.fill((root / CENTRE).read_text(encoding="utf-8"), drawing.sections())
    return files


def write(root: Path) -> None:
    """Write them, and remove the schemas and examples of messages that are no more."""
    files = described(root)
    for folder in (root / "protocol/schemas", root / "protocol/examples"):
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.json"):
            if path.relative_to(root) not in files:
                path.unlink()
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the files that describe the protocol.")
    parser.add_argument("--write", metavar="ROOT", type=Path, required=True, help="the root of the repository")
    write(parser.parse_args().write)

"""What the console knows of the theatre without being told: the rivers, and the line of a memorandum."""

import json
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position
from hotline_services.resources import map_file
from hotline_services.text_files import read_text

from .desk.chart import Ground

ILLUSTRATIVE: Final = "the line is illustrative"


def ground_of(agreement: Agreement | None) -> Ground:
    """What does not move on the map of this memorandum."""
    file = map_file("rivers")
    features = json.loads(read_text(file))["features"] if file else []
    rivers = tuple(tuple(Position(*point[:2]) for point in _points(feature["geometry"])) for feature in features)
    line = agreement.line.trace if agreement is not None and agreement.line is not None else ()
    return Ground(rivers=rivers, line=line, note=ILLUSTRATIVE if line else "")


def _points(geometry: dict[str, list[list[float]]]) -> list[list[float]]:
    return geometry["coordinates"]

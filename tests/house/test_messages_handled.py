"""Every message is handled by its hearers: named in a match, an isinstance or a table, or left out on purpose."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline_protocol import describe
from hotline_protocol.examples import examples
from hotline_protocol.message import Message
from hotline_protocol.topics import LINE, ORDER
from hotline_services.monitor.dutylog import DutyLog

SERVICES = Path(__file__).parents[2] / "services" / "hotline_services"

NOT_THE_CENTRES = {
    "FlyUnannounced": "the sky flies it",
    "Deviate": "the sky flies it",
    "Stop": "the shell stops the service",
}
"""Orders that a centre has nothing to do with, and why."""
NOT_LOGGED = {
    "CallEnded": "the hang-up has been told",
    "LedgerChanged": "entries are told as they are said",
    "FlightBegan": "the sky knows what nobody has said",
    "PathChanged": "the sky knows what nobody has said",
    "FlightFlown": "the sky knows what nobody has said",
    "Tracks": "the sky knows what nobody has said",
    "TakeDesk": "the centre tells who sits there",
    "LeaveDesk": "the centre tells who sits there",
    "Clock": "housekeeping",
    "Receipt": "housekeeping",
}
"""Messages without a line in the duty log, and why."""


def handled(package: str) -> set[str]:
    """The names of classes that modules of this package look for: in matches, isinstance, and keys of tables."""
    return {name for path in (SERVICES / package).rglob("*.py") for name in _looked_for(ast.parse(path.read_text()))}


def _looked_for(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.MatchClass(cls=found) | ast.Call(func=ast.Name(id="isinstance"), args=[_, found]):
                yield from _names(found)
            case ast.Dict(keys=keys):
                yield from (name for key in keys if key is not None for name in _names(key))
            case _:
                pass


def _names(node: ast.AST) -> Iterator[str]:
    yield from (found.id for found in ast.walk(node) if isinstance(found, ast.Name))
    yield from (found.attr for found in ast.walk(node) if isinstance(found, ast.Attribute))


def test_a_centre_handles_every_message_that_is_addressed_to_it() -> None:
    known = handled("aoc")
    kinds = [kind.__name__ for topic in (LINE, ORDER) for kind in topic.messages]
    silent = [name for name in kinds if name not in known and name not in NOT_THE_CENTRES]
    assert silent == [], f"no module in services/hotline_services/aoc handles {', '.join(silent)}"
    assert [name for name in NOT_THE_CENTRES if name in known] == []


@pytest.mark.parametrize("kind", describe.messages(), ids=lambda kind: kind.__name__)
def test_a_message_has_a_line_in_the_duty_log_or_is_left_out_on_purpose(kind: type[Message]) -> None:
    (example,) = (each for each in examples() if type(each) is kind)
    line = DutyLog().line(example)
    assert (line is None) is (kind.__name__ in NOT_LOGGED), (
        f"services/hotline_services/monitor/dutylog.py has this line for {kind.__name__}: {line}"
    )

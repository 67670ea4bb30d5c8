"""A day of a scenario, as a recording and as what a monitor hears."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from hotline_protocol.message import Message
from hotline_services.director.scenario import Scenario, read_scenario
from hotline_services.runtime.recording import Header, RecordingWriter
from hotline_services.runtime.store import Heard
from hotline_services.world import build

SEED = 1


@cache
def scenario() -> Scenario:
    return read_scenario("valley-2017")


@cache
def heard() -> tuple[Heard, ...]:
    """What is said in a day, in order."""
    said: list[Heard] = []

    def take(message: Message, at: datetime) -> None:
        said.append(Heard(at, message))

    build(scenario(), SEED, 1).run(scenario().start + timedelta(days=1), take)
    return tuple(said)


def recording(path: Path, name: str = "valley-2017", without: type[Message] | None = None) -> None:
    """Write the day down, except for the messages of the kind ``without``."""
    header = Header(scenario=name, seed=SEED, start=scenario().start, days=1, agreement=scenario().agreement.digest)
    with path.open("wb") as file:
        writer = RecordingWriter(file, header)
        for at, message in heard():
            assert message is not None
            if without is None or not isinstance(message, without):
                writer.write(message, at)

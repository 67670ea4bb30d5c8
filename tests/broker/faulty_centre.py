"""A centre as a process, with one fault: at a line check it names another agreement than it has."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.line import LineChecked
from hotline_protocol.message import Message
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.launch import run_service
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.world import centre_service


class Misled:
    """Our centre, but for that."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def next_deadline(self) -> datetime | None:
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        return [_misled(said) for said in self._core.receive(message, now)]

    def lapse(self, now: datetime) -> Sequence[Message]:
        return [_misled(said) for said in self._core.lapse(now)]


def _misled(said: Message) -> Message:
    return msgspec.structs.replace(said, agreement="0" * 16) if isinstance(said, LineChecked) else said


def main() -> int:
    url, data = sys.argv[1], Path(sys.argv[2])
    ours = centre_service(read_scenario("conformance"), "ru", 1)
    service = msgspec.structs.replace(ours, core=lambda epoch: Misled(ours.core(epoch)))
    return run_service(service, lambda: Journal(data / "ru.sqlite3", "ru"), BrokerSettings.from_url(url))


if __name__ == "__main__":
    sys.exit(main())

"""What the journals of a run's centres say, all of it: also what was pruned behind snapshots.

The centres are brought back twice, by a replay of all inputs and by their snapshots, and must be the same.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import Entered, ToPeer
from hotline_protocol.message import Message
from hotline_protocol.topics import decode_any
from hotline_services.aoc.centre import Centre
from hotline_services.director.script import Scenario
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.journalreader import JournalReader
from hotline_services.runtime.replay import Past, replay, restore
from hotline_services.runtime.store import Heard
from hotline_services.runtime.tail import Tail
from hotline_services.world import centre

PARTIES: Final = ("us", "ru")
SEED: Final = 7


def prepare(path: Path, party: str) -> None:
    """Make a journal that keeps what is pruned in a table of its own, so that it can be counted afterwards."""
    Journal(path, party).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_ARCHIVE)


class Side:
    """One centre after a replay of its journal, with its inputs and its messages in order.

    ``other_end`` says so when recovery by a snapshot ends elsewhere than the replay of all inputs.
    """

    def __init__(self, scenario: Scenario, data: Path, party: str) -> None:
        self.party: Final = party
        path = data / f"{party}.sqlite3"
        heard, self.said = everything(path)
        with JournalReader(path) as reader:
            launch = reader.launch
        with closing(Journal(path, party, launch=launch)) as journal:
            make = partial(centre, scenario, party, SEED, journal.epochs[0])
            recovered = journal.recover()
            self.waiting: Final = {message.id for message in recovered.unconfirmed}
            self.centre: Final[Centre] = make()
            whole, past = (Past(tail=Tail(party, journal.epochs)) for _ in range(2))
            for _ in replay(self.centre, recovered._replace(heard=heard, said=self.said), whole):
                pass
            again = make()
            self.replayed: Final = sum(1 for _ in replay(again, restore(again, recovered, past, make), past))
        same = again.save() == self.centre.save() and past.tail.save() == whole.tail.save()
        self.other_end: Final = "" if same else f"the snapshot of {party} leads elsewhere than its inputs"
        self.inputs: Final = len(heard)
        self.heard: Final = [one.message for one in heard if one.message is not None]

    def doubled(self) -> Iterator[str]:
        """Messages that were taken in twice, and plans that were granted air twice."""
        for name, times in Counter(m.id for m in self.heard if m.seq > 0).items():
            if times > 1:
                yield f"{self.party} took in {name} {times} times"
        granted: Counter[Any] = Counter()
        for message in (one for one in self.said if isinstance(one, Entered)):
            if message.entry.kind is EntryKind.GRANTED:
                granted[message.entry.agreement_id] += 1
        yield from (f"{self.party} entered {name} {times} times" for name, times in granted.items() if times > 1)


_ARCHIVE: Final = """
CREATE TABLE archive (n INTEGER PRIMARY KEY, at_us INTEGER, message BLOB);
CREATE TRIGGER pruning AFTER DELETE ON entry BEGIN
    INSERT INTO archive VALUES (old.n, old.at_us, old.message);
END;
"""
_EVERYTHING: Final = "SELECT * FROM archive UNION ALL SELECT n, at_us, message FROM entry ORDER BY n"


def everything(path: Path) -> tuple[list[Heard], list[Message]]:
    """All that a centre heard and said, also what was pruned."""
    heard: list[Heard] = []
    said: list[Message] = []
    with closing(sqlite3.connect(path)) as db:
        for _, at_us, told in db.execute(_EVERYTHING):
            message = None if told is None else decode_any(told)
            if at_us is not None:
                heard.append(Heard(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us), message))
            elif message is not None:
                said.append(message)
    return heard, said


def not_heard(sides: dict[str, Side], party: str) -> Iterator[str]:
    """What this side said to the other, and the other has not heard. What it still sends again is not lost."""
    other = next(name for name in PARTIES if name != party)
    known = {message.id for message in sides[other].heard}
    for message in sides[party].said:
        if isinstance(message, ToPeer) and message.id not in known and message.id not in sides[party].waiting:
            yield f"{message.id} of {party} was not heard by {other}"

"""Cores and messages as parts of a state: interned, and with a canonical form in which numbering does not count.

Two states are the same when they differ in nothing but the running numbers of messages. Each part therefore has a
``form``, a digest in which every id of a message is replaced by the place of its first appearance in the part, and
``names``, the ids in that order. Joined, the names show which part names the same message as which other.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.forms import Form
from hotline_protocol.message import Message
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.parts import State

FORM_BYTES: Final = 16
MOST_TURNS: Final = 200_000
"""Turns that are remembered at a time."""
LOOKED_AT: Final = 1_000
LOOK_EVERY: Final = 16
"""After each of the first thousand turns, and every so many then, the core that was cloned is looked at again."""
CLOCK: Final = "now"
"""The slice that tells when a core took its last turn. Time runs forward here, and so it has no say in the next."""
AUTHOR: Final = "author"
"""The slice with the number of the last message."""
encode: Final = msgspec.json.Encoder().encode
write: Final = msgspec.msgpack.Encoder().encode


class Part:
    """A part of a state: see the module."""

    __slots__ = ("form", "names")

    def __init__(self, form: bytes, names: tuple[bytes, ...]) -> None:
        self.form = form
        self.names = names


class Cell(Part):
    """A core as it is in some states. It is never changed: a turn is taken by a clone."""

    __slots__ = ("core", "deadline", "number")

    def __init__(self, core: Centre, number: int, form: bytes, names: tuple[bytes, ...]) -> None:
        super().__init__(form, names)
        self.core = core
        self.number = number
        self.deadline: datetime | None = core.next_deadline


class Packet(Part):
    """A message that has been said."""

    __slots__ = ("message", "number")

    def __init__(self, message: Message, number: int, form: bytes, names: tuple[bytes, ...]) -> None:
        super().__init__(form, names)
        self.message = message
        self.number = number


Result = tuple[Cell, tuple[Packet, ...]]


class Cells:
    """Keeps one of each core and message, and the turns that have been taken: other states take the same."""

    def __init__(self, parties: Sequence[str]) -> None:
        names = "|".join(map(re.escape, parties))
        self._is_message: Final = re.compile(rf"(?:{names})-[a-z0-9]+-\d+".encode()).fullmatch
        self._cells: dict[bytes, Cell] = {}
        self._slices: dict[bytes, Part] = {}
        self._packets: dict[bytes, Packet] = {}
        self._turns: dict[tuple[int, int, datetime], Result] = {}
        self._numbered = 0
        self.observed: set[bytes] = set()
        """What has been heard when, and said at once: a digest of each turn that has been taken."""

    def cell(self, core: Centre) -> Cell:
        """The core, which is not to be changed any more."""
        forms = dict(zip(State.__struct_fields__, core.forms(), strict=True))
        key = b"".join(form.digest for form in forms.values())
        cell = self._cells.get(key)
        if cell is None:
            del forms[CLOCK], forms[AUTHOR]
            self._numbered += 1
            cell = self._cells[key] = Cell(core, self._numbered, *_joined(map(self._slice, forms.values())))
        return cell

    def packet(self, message: Message) -> Packet:
        """The message."""
        saved = encode(message)
        packet = self._packets.get(saved)
        if packet is None:
            part = self._canonical(Form(message))
            self._numbered += 1
            packet = self._packets[saved] = Packet(message, self._numbered, part.form, part.names)
        return packet

    def receive(self, cell: Cell, packet: Packet, now: datetime) -> Result:
        """What comes of this core when it hears this message now."""
        key = (cell.number, packet.number, now)
        result = self._turns.get(key)
        if result is None:
            result = self._turn(key, cell, lambda core: core.receive(packet.message, now))
            self._observe(now, packet, *result[1])
        return result

    def lapse(self, cell: Cell, now: datetime) -> Result:
        """Wake this core now, and return the result."""
        key = (cell.number, 0, now)
        result = self._turns.get(key)
        if result is None:
            result = self._turn(key, cell, lambda core: core.lapse(now))
            self._observe(now, *result[1])
        return result

    def _turn(self, key: tuple[int, int, datetime], cell: Cell, turn: Callable[[Centre], Sequence[Message]]) -> Result:
        if len(self._turns) >= MOST_TURNS:
            self._forget()
        taken = len(self._turns)
        look_again = taken < LOOKED_AT or taken % LOOK_EVERY == 0
        before = write(cell.core.parts.state) if look_again else b""
        core = cell.core.clone()
        said = turn(core)
        if look_again and write(cell.core.parts.state) != before:
            raise RuntimeError("a turn has changed the core of which its own was cloned")
        result = self._turns[key] = (self.cell(core), tuple(map(self.packet, said)))
        return result

    def _observe(self, now: datetime, *packets: Packet) -> None:
        form, _ = _joined(packets)
        self.observed.add(hashlib.blake2b(form + str(now).encode(), digest_size=FORM_BYTES).digest())

    def _forget(self) -> None:
        """Let go what no state holds any more: numbers are not used again."""
        for kept in (self._turns, self._cells, self._packets, self._slices):
            kept.clear()

    def _slice(self, form: Form) -> Part:
        part = self._slices.get(form.digest)
        if part is None:
            part = self._slices[form.digest] = self._canonical(form)
        return part

    def _canonical(self, form: Form) -> Part:
        """Times and other names than those of messages stay as they are."""
        text, tokens = form.template
        places: dict[bytes, int] = {}
        digest = hashlib.blake2b(text, digest_size=FORM_BYTES)
        for token in tokens:
            if isinstance(token, int):
                digest.update(b"@%d" % token)
            elif self._is_message(token):
                digest.update(b"#%d" % places.setdefault(token, len(places)))
            else:
                digest.update(b"=%b" % token)
        return Part(digest.digest(), tuple(places))


def _joined(parts: Iterable[Part]) -> tuple[bytes, tuple[bytes, ...]]:
    """The form and the names of parts together."""
    forms: list[bytes] = []
    places: dict[bytes, int] = {}
    for part in parts:
        forms.append(part.form)
        if part.names:
            forms.append(array("H", [places.setdefault(name, len(places)) for name in part.names]).tobytes())
    return hashlib.blake2b(b"".join(forms), digest_size=FORM_BYTES).digest(), tuple(places)

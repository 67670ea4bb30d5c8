"""What every simulated node does, whatever its network: births and wills, wakings, and the blame for a bug."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, cast

from hotline_protocol.core import Core, Value
from hotline_protocol.forms import Form
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence

Listener = Callable[[Message, datetime], None]


class FormedValue(Value, Protocol):
    """A value that gives the forms of which its fingerprint is taken: ids are canonical among all cores of a run."""

    def forms(self) -> Sequence[Form]: ...


def value(name: str, core: Core) -> FormedValue:
    """The core of this name. Raises TypeError when it is no value."""
    if not callable(getattr(core, "forms", None)):
        raise TypeError(f"{name}: its core, a {type(core).__name__}, cannot be cloned, compared or saved")
    return cast("FormedValue", core)


def lapse(name: str, core: Core, now: datetime) -> Sequence[Message]:
    """What the core says when it is woken.

    Raises RuntimeError when it wants to be woken again at once: that would go on for ever.
    """
    try:
        said = core.lapse(now)
    except Exception as error:
        error.add_note(circumstances(name, None, now))
        raise
    deadline = core.next_deadline
    if deadline is not None and deadline <= now:
        raise RuntimeError(f"{name}: after lapse({now.isoformat()}) the next deadline is still {deadline.isoformat()}")
    return said


def circumstances(name: str, heard: Message | None, now: datetime) -> str:
    """A note for a core's bug: which service, when, and on what input."""
    what = "a lapse" if heard is None else f"{type(heard).__name__} {heard.id}"
    return f"in {name}, at {now.isoformat()}, on {what}"


def birth(name: str, life: int, number: int, now: datetime) -> Health:
    """This node says that it is there; ``number`` counts what has been said of its health."""
    return _health(name, life, number, now, Presence.UP)


def will(name: str, life: int, number: int, now: datetime) -> Health:
    """The broker says that this node has gone."""
    return _health(name, life, number, now, Presence.DOWN)


def _health(name: str, life: int, number: int, now: datetime, presence: Presence) -> Health:
    return Health(
        id=f"{name}-health-{number}",
        source=name,
        seq=0,
        time=now,
        presence=presence,
        session=f"{name}-{life}",
        restarts=life,
    )

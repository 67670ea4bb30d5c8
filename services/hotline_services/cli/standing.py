"""`hotline status`: how things stand, from the monitor's record and from what the broker holds now."""

import asyncio
import contextlib
import dataclasses
import os
import sys
from collections.abc import Iterable

from hotline_protocol.ledger import Head
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Presence
from hotline_protocol.topics import CLOCK, HEALTH, MalformedMessageError, decode
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.rows import AnnouncementRow, LineRow, ServiceRow
from hotline_services.monitor.standing import Chain, Rejections, Standing, held_by_broker, standing, together
from hotline_services.monitor.wording import date_time_group, duration, printable
from hotline_services.monitor.worldrows import LossRow
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.records.reading import open_source
from hotline_services.runtime.client import NoBrokerError, connected, retained
from hotline_services.runtime.clock import NO_CLOCK, wall_clock
from hotline_services.runtime.store import StoreError
from hotline_services.runtime.wire import BrokerSettings

from .connection import FROM_HERE, VARIABLE, Reach, broker_settings, found_run
from .exits import NO_BROKER
from .folders import data_folder
from .query import ALL, RECORD, Query, complain, record_path
from .runfile import OBSERVER
from .tables import Column, aligned, write_json


class _NothingToTellError(Exception):
    """Neither record nor broker can say how things stand; the message is a sentence for the user."""


def status(*, broker: str | None = None, query: Query = ALL, reach: Reach = FROM_HERE) -> int:
    """Tell how things stand: services and their lag, the line as announced and in fact, both sides' ledgers.

    From the monitor's record; and, while a run goes on in --data or with --broker, from what the broker retains now.

    For example:

    hotline status

    hotline status --broker mqtt://observer:PASSWORD@127.0.0.1:1883 --json

    The exit code is 0; 2 when neither the record nor the broker says anything; 4 when the broker that was named cannot
    be asked, and only the record speaks.

    Parameters
    ----------
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data, else none is asked.
    """
    try:
        if query.record is None and reach.data is not None:
            query = dataclasses.replace(query, record=reach.data / RECORD)
        found, is_unasked = _gather(_asked(broker, query, reach), query)
    except (_NothingToTellError, ValueError) as error:
        return complain("status", str(error))
    if query.json:
        write_json(found)
    else:
        sys.stdout.writelines(f"{line}\n" for line in told(found))
    return NO_BROKER if is_unasked and is_named(broker) else 0


def is_named(broker: str | None) -> bool:
    """Whether a broker was asked for by name, and not found beside the data of a run that may be over."""
    return bool(broker or os.environ.get(VARIABLE))


def _asked(broker: str | None, query: Query, reach: Reach) -> BrokerSettings | None:
    """The broker that is named, or else that of the run here unless another record is asked for. Raises ValueError."""
    if is_named(broker):
        return broker_settings(broker, reach)
    here = query.record is None or query.record.parent == data_folder(reach.data)
    return found_run(None, reach, OBSERVER) if here else None


def _gather(broker: BrokerSettings | None, query: Query) -> tuple[Standing, bool]:
    """From the record, the broker, or both; and whether there is a broker that could not be asked.

    Raises _NothingToTellError and ValueError.
    """
    recorded, no_record = _recorded(query)
    if broker is None:
        if recorded is None:
            raise _NothingToTellError(no_record)
        return recorded, False
    try:
        live = asyncio.run(_live(broker))
    except NoBrokerError as error:
        if recorded is None:
            raise _NothingToTellError(f"{error}; and {no_record}") from error
        complain("status", f"{error}; this is what the record says")
        return recorded, True
    if live.as_of is None:
        complain("status", NO_CLOCK)
    if recorded is None:
        complain("status", f"{no_record} This is what the broker holds.")
        return live, False
    return together(recorded, live), False


def _recorded(query: Query) -> tuple[Standing | None, str]:
    """What the record says, or None and why it says nothing."""
    try:
        with contextlib.closing(open_source(record_path(query.record))) as source:
            period = source.period
            return standing(source, period.end if period else None), ""
    except StoreError as error:
        return None, str(error)


async def _live(broker: BrokerSettings) -> Standing:
    """What the broker retains: health and clock. No will tells when it was. Raises NoBrokerError."""
    projection, as_of, speed = Projection(), None, 1.0
    async with connected(broker) as connection:
        found = await retained(connection, HEALTH.filter(), CLOCK.template)
    for topic, payload in found.items():
        message = _readable(topic, payload)
        if isinstance(message, Clock):
            clock = ScaledClock(message, wall_clock)
            as_of, speed = clock.now(), clock.speed
        elif message is not None:
            projection.apply(message)
    return held_by_broker(projection, as_of, speed)


def _readable(topic: str, payload: bytes) -> Message | None:
    try:
        return decode(topic, payload)
    except MalformedMessageError:
        return None


def told(found: Standing) -> list[str]:
    """How things stand, in lines for a person."""
    lines = [f"As of {date_time_group(found.as_of)}", ""] if found.as_of else []
    lines += aligned(found.services, _services(found)) if found.services else ["No service has been heard of."]
    lines += _part(
        "The line, as announced:", map(_announced, found.announced), "nothing: it is taken to be open", found
    )
    lines += _part("The line, in fact:", map(_in_fact, found.lines), "not tried yet", found)
    lines += _part("Ledgers, as each side has them:", map(_chain, found.ledgers), "nothing has been agreed yet", found)
    lines += _part("State lost:", map(_lost, found.losses), "none", found)
    lines += _part("Rejected inputs:", map(_rejected, found.rejected), "none", found)
    return [printable(line) for line in lines]


def _part(heading: str, lines: Iterable[str], when_none: str, found: Standing) -> list[str]:
    """A part under its heading. That there is nothing to tell is known only from a record."""
    otherwise = when_none if found.recorded else "unknown without the record"
    return ["", heading, *([f"  {line}" for line in lines] or [f"  {otherwise}"])]


def _services(found: Standing) -> tuple[Column, ...]:
    """Of the health that is said again every few seconds, only changes are recorded: the age of the rest is the
    broker's to tell.
    """
    heard = Column("heard", lambda row: _age(row, found), at_right=True)
    since = Column("since", _since)
    return (
        Column("service", lambda row: row.key),
        Column("is", lambda row: row.presence.value if row.presence else "unknown"),
        heard if found.live else since,
        Column("lag", lambda row: f"{row.lag_ms:.1f} ms", at_right=True),
        Column("inbox", lambda row: str(row.inbox), at_right=True),
        Column("outbox", lambda row: str(row.outbox), at_right=True),
        Column("restarts", lambda row: str(row.restarts), at_right=True),
        Column("note", lambda row: row.note),
    )


def _age(row: ServiceRow, found: Standing) -> str:
    """Real time since its last word, for it is said every ten real seconds; or since when it is down, if known."""
    if row.presence is Presence.DOWN:
        return f"down since {_since(row)}" if row.at else ""
    if row.at is None or found.as_of is None:
        return ""
    return f"{duration((found.as_of - row.at).total_seconds() / found.speed)} ago"


def _since(row: ServiceRow | AnnouncementRow | LineRow) -> str:
    return date_time_group(row.at) if row.at else ""


def _announced(row: AnnouncementRow) -> str:
    told = f": {row.statement}" if row.statement else ""
    return f"{row.party}: {row.state.value} since {_since(row)}{told}"


def _in_fact(row: LineRow) -> str:
    return f"{row.party} → {row.peer}: {row.state.value} since {_since(row)}"


def _lost(row: LossRow) -> str:
    known = f"knows its messages up to {row.last_seq} and no later" if row.last_seq else "knows nothing it said before"
    return f"{row.party} at {date_time_group(row.at) if row.at else '?'}: {known}: {row.reason}"


def _rejected(row: Rejections) -> str:
    sender = f" from {row.sender}" if row.sender else ""
    return f"{row.party} rejected {row.count:,}{sender}: {row.code}"


def _chain(chain: Chain) -> str:
    name = f"granted by {chain.granter} to {chain.user}"
    if chain.agrees:
        return f"{name}: {_entries(chain.granted)}, {chain.granted.hash[:16]}: they agree"
    return (
        f"{name}: {chain.granter} has {_entries(chain.granted)}, {chain.granted.hash[:16]}; "
        f"{chain.user} has {chain.copied.length}, {chain.copied.hash[:16]}: THEY DIFFER"
    )


def _entries(head: Head) -> str:
    return f"{head.length:,} {'entry' if head.length == 1 else 'entries'}"

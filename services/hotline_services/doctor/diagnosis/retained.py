"""Findings of retained messages that the broker should not keep."""

from collections.abc import Iterator
from typing import Final

from hotline_protocol.authority import admit
from hotline_protocol.topics import MalformedMessageError, is_state, topic_at
from hotline_services.monitor.wording import printable, shortened

from .kinds import Finding, Kind
from .observations import Heard, Observations

MOST: Final = 20
"""Findings of retained messages that are told one by one; the others are counted."""
_LONGEST: Final = 80


def of_retained(seen: Observations) -> Iterator[Finding]:
    """Retained messages that are no state, cannot be read, or are of somebody who may not say them."""
    newest = {heard.topic: heard for heard in seen.heard if heard.retained}
    reasons = [(topic, _fault(heard)) for topic, heard in sorted(newest.items())]
    faults = [(topic, fault) for topic, fault in reasons if fault]
    for topic, fault in faults[:MOST]:
        shown = printable(shortened(topic, _LONGEST))
        yield Finding(
            kind=Kind.RETAINED,
            about=shown,
            sentence=f"The broker keeps a retained message on {shown} that {fault}.",
            remedy="Remove it with an empty retained message on that topic: mosquitto_pub -r -n -t TOPIC.",
        )
    if len(faults) > MOST:
        yield Finding(
            kind=Kind.RETAINED,
            about="hotline/v1/#",
            sentence=f"The broker keeps {len(faults) - MOST:,} more such messages.",
            remedy="Remove those that are listed first, and look again.",
        )


def _fault(heard: Heard) -> str:
    """What is wrong with keeping this, as the end of a sentence; empty when nothing is."""
    if topic_at(heard.topic) is None:
        return "is on no topic of the protocol"
    if not is_state(heard.topic):
        return "each service gets anew at each connect: only health and the clock are retained"
    if heard.forged:
        return f"is not believed: its signature {heard.forged}"
    try:
        admit(heard.topic, heard.payload)
    except MalformedMessageError as error:
        return f"cannot be used: {printable(shortened(f'{error.field}: {error.reason}', 200))}"
    return ""

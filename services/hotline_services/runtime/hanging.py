"""What a service does about the input that the process before it did not come back from."""

import msgspec
import structlog

from .clock import wall_clock
from .hearing import HUNG, unread
from .intake import DEATHS
from .store import Store
from .watchdog import Unwatched
from .writer import Writer

log = structlog.get_logger(__name__)


async def set_aside(watch: Unwatched, attempts: dict[str, int], writer: Writer, store: Store) -> None:
    """Have that input, if there was one, come to the core as a dead letter; keep the traceback in the store."""
    hang = watch.last_hang()
    if hang is None:
        return
    log.critical("did-not-come-back", topic=hang.topic, input=hang.keys[-1:], error=hang.trace)
    for key in hang.keys:
        stand_in = msgspec.structs.replace(unread(hang.topic, hang.payload, wall_clock()), id=key)
        while attempts.get(key, 0) < DEATHS:
            attempts[key] = await writer.do(store.attempted, stand_in, hang.trace)
        attempts[key] = HUNG

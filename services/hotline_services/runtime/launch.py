"""From a service's parts to a process: logs, signals, exit codes."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from .actor import DONE, LiveActor
from .logs import set_up_logs
from .namesakes import NameTakenError
from .patience import Patience
from .service import Service
from .store import Store, StoreBlockedError, StoreError
from .watchdog import LIMIT_S, Unwatched, Watchdog
from .wire import BrokerSettings, Refused

UNUSABLE: Final = 78  # EX_CONFIG: a restart will not help
RESTARTS: Final = "HOTLINE_RESTARTS"  # told by the supervisor
HANG: Final = "HOTLINE_HANG_S"
"""For tests: how many seconds a service may take to come back from an input, where that is not 30."""
OPENING_S: Final = 30.0  # for which a journal may be locked when it is opened

log = structlog.get_logger(__name__)


def run_service(
    service: Service,
    open_store: Callable[[], Store],
    broker: BrokerSettings,
    *,
    log_level: str = "info",
    watch: Path | None = None,
) -> int:
    """Run it until it is told to stop, by message or signal; returns the exit code of the process.

    With ``watch``, the beginning of the names of two files, a process that hangs is ended: see :mod:`.watchdog`.
    0: stopped. 70: a bug in the core, worth a restart. 78: it cannot work as it is set up; the last log line says why.
    """
    set_up_logs(service.name, level=log_level)
    fault = broker.signing.fault(service.name)
    if fault:
        log.critical("key-unusable", reason=fault)
        return UNUSABLE
    service = msgspec.structs.replace(service, restarts=int(os.environ.get(RESTARTS, "0")))
    return asyncio.run(_run(service, open_store, broker, watch))


async def _run(service: Service, open_store: Callable[[], Store], broker: BrokerSettings, watch: Path | None) -> int:
    patience = Patience()
    _on_signal(patience.stop)
    try:
        store = await _opened(service, open_store, patience)
        dog = _watchdog(watch)
        actor = await _made(lambda: LiveActor(service, store, broker, patience, watch=dog), patience)
        _on_signal(actor.stop)
        if patience.is_stopped:
            actor.stop()
        return await actor.run()
    except StoreBlockedError as error:
        log.critical("store-blocked", reason=str(error))
        return DONE if patience.is_stopped else UNUSABLE
    except StoreError as error:
        log.critical("store-unusable", reason=str(error))
    except NameTakenError as error:
        log.critical("name-taken", reason=str(error))
    except Refused as error:
        log.critical("broker-refused", reason=str(error))
    return UNUSABLE


def _watchdog(path: Path | None) -> Unwatched:
    """Over this process; none where its files cannot be had."""
    if path is None:
        return Unwatched()
    try:
        return Watchdog(path, float(os.environ.get(HANG, LIMIT_S)))
    except (OSError, ValueError) as error:
        log.warning("not-watched", reason=str(error))
        return Unwatched()


def _on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _opened(service: Service, open_store: Callable[[], Store], patience: Patience) -> Store:
    """The store, also when another process locks it at first, such as a backup. Raises StoreError.

    A folder that cannot be written to is a fault of how the service is set up: nobody waits for that.
    """

    async def attempt() -> Store:
        return await asyncio.to_thread(open_store)

    return await patience.through(attempt, at_most_s=None if service.waits_for_store else OPENING_S, at_opening=True)


async def _made(make: Callable[[], LiveActor], patience: Patience) -> LiveActor:
    """The actor, whose core may read the store when it is made."""

    async def attempt() -> LiveActor:
        return make()

    return await patience.through(attempt)

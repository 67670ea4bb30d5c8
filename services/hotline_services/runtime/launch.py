"""From a service's parts to a process: logs, signals, exit codes."""

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from .actor import LiveActor
from .logs import set_up_logs
from .service import Service
from .store import Store, StoreError
from .wire import BrokerSettings, Refused

UNUSABLE: Final = 78  # EX_CONFIG: a restart will not help
RESTARTS: Final = "HOTLINE_RESTARTS"  # told by the supervisor

log = structlog.get_logger(__name__)


def run_service(
    service: Service, open_store: Callable[[], Store], broker: BrokerSettings, *, log_level: str = "info"
) -> int:
    """Run it until it is told to stop, by message or signal; returns the exit code of the process.

    0: stopped. 70: a bug in the core, worth a restart. 78: it cannot work as it is set up; the last log line says why.
    """
    set_up_logs(service.name, level=log_level)
    service = msgspec.structs.replace(service, restarts=int(os.environ.get(RESTARTS, "0")))
    try:
        store = open_store()
    except StoreError as error:
        log.critical("store-unusable", reason=str(error))
        return UNUSABLE
    return asyncio.run(_run(service, store, broker))


async def _run(service: Service, store: Store, broker: BrokerSettings) -> int:
    loop = asyncio.get_running_loop()
    try:
        actor = LiveActor(service, store, broker)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, actor.stop)
        return await actor.run()
    except StoreError as error:
        log.critical("store-unusable", reason=str(error))
    except Refused as error:
        log.critical("broker-refused", reason=str(error))
    return UNUSABLE

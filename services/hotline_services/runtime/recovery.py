"""How a live service comes back: its failed inputs, its newest snapshot, and all that it has heard since."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from hotline_protocol.core import Core

from .hanging import set_aside
from .replay import Past, replay, restore
from .service import Service
from .store import Recovered, Store
from .watchdog import Unwatched
from .writer import Writer

REPLAYED_AT_ONCE: Final = 500

log = structlog.get_logger(__name__)


class Recovery:
    """Brings a fresh core and an empty past to where the store ends. ``attempts`` are the deaths by input."""

    def __init__(
        self, service: Service, core: Core, past: Past, store: Store, attempts: dict[str, int], watch: Unwatched
    ) -> None:
        self._service: Final = service
        self._core: Final = core
        self._past: Final = past
        self._store: Final = store
        self._attempts: Final = attempts
        self._watch: Final = watch

    async def run(self, writer: Writer, is_stopping: Callable[[], bool]) -> Recovered | None:
        """What was recovered; None when the service is to stop meanwhile. Raises StoreError."""
        recovered = await writer.do(self._store.recover)
        self._attempts.update(recovered.attempts)
        await set_aside(self._watch, self._attempts, writer, self._store)
        recovered = restore(self._core, recovered, self._past, lambda: self._service.core(self._store.epochs[0]))
        steps = 0
        for steps, _ in enumerate(replay(self._core, recovered, self._past), 1):
            self._watch.alive()
            if steps % REPLAYED_AT_ONCE == 0:
                await asyncio.sleep(0)  # so that a signal is heard
                if is_stopping():
                    return None
        said_again = self._past.said_again
        if said_again:
            await writer.commit([], said_again, [])
            recovered = recovered._replace(unconfirmed=[*recovered.unconfirmed, *said_again])
            log.warning("said-again", messages=len(said_again), hint="the journal was cut before them")
        tail = self._past.tail
        tail.resume(self._store, recovered, has_past=self._past.latest is not None)
        log.info("recovered", inputs=steps, unconfirmed=len(recovered.unconfirmed), epoch=tail.epoch)
        return recovered

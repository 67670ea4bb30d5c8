"""Snapshots of a running service, taken beside its event loop."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from hotline_protocol.core import Core, Value

from .chain import Place
from .replay import Memory, Past, state_of
from .store import SnapshotStore, Store, StoreError
from .writer import Writer

REST: Final = 20
"""The next one is taken no sooner than after so many times what one has taken: 5 % of the time at most."""

log = structlog.get_logger(__name__)


class Snapshots:
    """Takes them when the store wants one, of a core that can be copied, of other cores never.

    The event loop is held up while the state is copied; a thread encodes it, and the store's own thread writes it.
    """

    def __init__(
        self, core: Core, past: Past, store: Store, writer: Writer, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._core: Final = core if isinstance(core, Value) else None
        self._past: Final = past
        self._store: Final = store if isinstance(store, SnapshotStore) else None
        self._writer: Final = writer
        self._now_s: Final = now_s
        self._not_before_s = 0.0
        self._task: asyncio.Task[None] | None = None

    def take_if_due(self) -> None:
        """Take one if it is time. All that the core has heard must be in the store, and nothing else."""
        store, core = self._store, self._core
        if store is None or core is None or self._task is not None or not store.wants_snapshot:
            return
        began_s = self._now_s()
        if began_s >= self._not_before_s:
            self._task = asyncio.create_task(
                self._keep(store, store.place(), core.clone(), self._past.save(), began_s), name="snapshot"
            )

    async def finish(self) -> None:
        """Wait for the one that is being taken."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _keep(self, store: SnapshotStore, at: Place, core: Value, memory: Memory, began_s: float) -> None:
        try:
            state = await asyncio.to_thread(state_of, core, memory)
            await self._writer.do(store.keep_snapshot, at, state)
        except StoreError as error:  # nothing is lost: the inputs are there
            log.warning("snapshot-not-kept", reason=str(error))
        else:
            took_s = self._now_s() - began_s
            log.debug("snapshot-kept", entry=at.n, bytes=len(state), took_ms=round(took_s * 1_000))
        finally:
            ended_s = self._now_s()
            self._not_before_s = ended_s + REST * (ended_s - began_s)
            self._task = None

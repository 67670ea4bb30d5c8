"""Expanders in processes of their own."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path as FilePath
from signal import SIG_IGN, SIGINT, signal
from typing import Any, Final

from hotline_services.explore.expander import Expander, Expansion, Path
from hotline_services.explore.world import read_world


class Remote:
    """An expander in another process: see :class:`~.search.Worker`."""

    def __init__(self, process: BaseProcess, pipe: "Connection[Any, Any]") -> None:
        self.process: Final = process
        self._pipe = pipe
        self._asked = False

    def _call(self, what: str, *arguments: Any) -> Any:
        self._pipe.send((what, arguments))
        return self._pipe.recv()

    def first(self) -> bytes:
        """See :class:`~.search.Worker`."""
        key: bytes = self._call("first")
        return key

    def ask(self) -> None:
        """See :class:`~.search.Worker`."""
        self._pipe.send(("expand", ()))

    def fetch(self) -> Expansion:
        """See :class:`~.search.Worker`."""
        expansion: Expansion = self._pipe.recv()
        return expansion

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        """See :class:`~.search.Worker`."""
        self._call("keep", kept)

    def drop(self, count: int) -> list[int]:
        """See :class:`~.search.Worker`."""
        numbers: list[int] = self._call("drop", count)
        return numbers

    def adopt(self, states: Sequence[tuple[int, Path]]) -> None:
        """See :class:`~.search.Worker`."""
        self._call("adopt", states)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._pipe.close()
        self.process.terminate()
        self.process.join()


@contextmanager
def expanders(file: FilePath, count: int, *, reduce: bool) -> Iterator[list[Remote]]:
    """So many expanders of the world in this file, each in a process of its own."""
    context = get_context("spawn")  # numpy and the like have threads, which a fork would not copy
    remotes: list[Remote] = []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, file, reduce), daemon=True)
            process.start()
            theirs.close()
            remotes.append(Remote(process, ours))
        yield remotes
    finally:
        for remote in remotes:
            remote.stop()


def _serve(pipe: "Connection[Any, Any]", file: FilePath, reduce: bool) -> None:  # noqa: FBT001  of a process
    signal(SIGINT, SIG_IGN)  # whoever has started this process ends it
    gc.disable()  # cores make no cycles to speak of
    expander = Expander(read_world(file), reduce=reduce)
    while True:
        try:
            what, arguments = pipe.recv()
        except EOFError:
            return
        pipe.send(getattr(expander, what)(*arguments))

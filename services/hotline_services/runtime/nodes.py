"""Which node of a cluster is next, and how long to wait before it is tried."""

import random
from typing import Final

import msgspec

from .wire import BrokerSettings

FIRST_RETRY_S: Final = 0.05
LONGEST_RETRY_S: Final = 5.0
ELECTION_S: Final = 20.0
"""For so long a refusal that may pass is not the last word: a cluster of NATS chooses leaders in some ten seconds."""


class Nodes:
    """Round robin over the nodes of a cluster. The wait doubles with each full round in which nobody let us in."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._nodes: Final = settings.nodes
        self._index = 0
        self._tried = 0
        self._wait_s = FIRST_RETRY_S
        self._forgets = False
        self._refused_at_s: float | None = None

    @property
    def current(self) -> BrokerSettings:
        """The node in use, or the one that is tried next."""
        return self._nodes[self._index]

    def taken(self) -> BrokerSettings:
        """The current node, to be connected to now."""
        forgets, self._forgets = self._forgets, False
        return msgspec.structs.replace(self.current, forgets=forgets)

    def forget(self) -> None:
        """At the next try, what the cluster holds for us is to be given up."""
        self._forgets = True

    def note_refusal(self, now_s: float, *, may_pass: bool) -> bool:
        """The current node does not let us in. Returns True when that is the last word.

        It is when all nodes have been tried, unless the refusal ``may_pass`` and the first was not long ago.
        """
        self._refused_at_s = now_s if self._refused_at_s is None else self._refused_at_s
        waits = may_pass and now_s - self._refused_at_s < ELECTION_S
        return self._tried >= len(self._nodes) - 1 and not waits

    def held(self) -> None:
        """The connection to the current node was steady: begin again without a wait."""
        self._tried, self._wait_s = 0, FIRST_RETRY_S

    def advance(self) -> None:
        """The current node failed: the next one is due."""
        self._index = (self._index + 1) % len(self._nodes)
        self._tried += 1

    def wait_s(self) -> float:
        """How long to wait before the next try, with jitter; lengthens the following waits after each full round."""
        wait_s = self._wait_s
        if self._tried and self._tried % len(self._nodes) == 0:
            self._wait_s = min(wait_s * 2, LONGEST_RETRY_S)
        return wait_s * random.uniform(0.5, 1.0)  # noqa: S311  jitter

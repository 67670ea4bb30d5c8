"""Air that is reserved, kept in one place: what is planned, held, granted, amended, given back and over."""

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hotline_protocol.agreement import BoundaryRule
from hotline_protocol.airspace import Volume4D

from .internal import AirReleased, AirReserved, GrantExpired
from .picture import Picture
from .uses import is_grant
from .voice import Voice

SPARE_TIMES: Final = 1_000
"""How many times of what has been changed since may wait beside those that still matter."""


class Reservations(Picture):
    """The only part that changes the picture. It changes it only by events.

    ``wakes``: whether anybody minds when a grant expires. Else uses that are over are forgotten at the next occasion.
    """

    def __init__(self, rule: BoundaryRule, voice: Voice, *, wakes: bool) -> None:
        super().__init__(rule)
        self._voice = voice
        self._wakes = wakes

    def reserve(self, reserved: AirReserved) -> None:
        """Enter a use of air, in place of what stood under its reference before."""
        use, volumes = reserved.use, reserved.volumes
        state = self.state
        before, stood = state.uses.get(use.ref, (None, ()))
        state.uses[use.ref] = (use, volumes)
        if before is not None and stood == volumes:
            return
        self._clear(use.ref, stood)
        for leg, volume in enumerate(volumes):
            self.index.insert((use.ref, leg), volume)
        if volumes:
            heapq.heappush(state.ends, (_end(volumes), use.ref))
        if len(state.ends) > SPARE_TIMES + 2 * len(state.uses):  # of uses that have been changed again and again
            state.ends = [(_end(volumes), ref) for ref, (_, volumes) in state.uses.items() if volumes]
            heapq.heapify(state.ends)

    def release(self, released: AirReleased) -> None:
        """Take a use of air out."""
        self._drop(released.ref)

    def _drop(self, ref: str) -> None:
        _, volumes = self.state.uses.pop(ref, (None, ()))
        self._clear(ref, volumes)

    def _clear(self, ref: str, volumes: tuple[Volume4D, ...]) -> None:
        for leg in range(len(volumes)):
            self.index.remove((ref, leg))

    @property
    def next_deadline(self) -> datetime | None:
        """When the next use of air ends, or was to end before it was changed.

        None where one has ended by now (it was over when it was entered): that is cleared at the next occasion.
        """
        ends = self.state.ends
        return ends[0][0] if self._wakes and ends and ends[0][0] > self._voice.now else None

    def lapse(self) -> None:
        """Forget uses of air that have ended, and tell of grants among them where anybody minds."""
        now, ends = self._voice.now, self.state.ends
        expired = []
        while ends and ends[0][0] <= now:
            _, ref = heapq.heappop(ends)
            use, volumes = self.state.uses.get(ref, (None, ()))
            if use is not None and volumes and _end(volumes) <= now:
                self._drop(ref)
                if self._wakes and is_grant(use):
                    expired.append(GrantExpired(use, min([volume.start for volume in volumes])))
        for each in expired:
            self._voice.tell(each)


def _end(volumes: Iterable[Volume4D]) -> datetime:
    return max([volume.end for volume in volumes])

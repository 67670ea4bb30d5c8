"""Two joined centres of which one loses the end of its journal, as its shell would have it go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Held, Resend
from hotline_services.aoc.centre import Centre
from hotline_services.delivery.outbox import Seen
from hotline_services.simulation.chance import Chance

from .joined import PROMPT, Joined, agreement

Input = tuple[datetime, Message | None]
LOOKBACK = 20


class Journaled(Centre):
    """A centre whose inputs are kept, and which takes each in once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.inputs: list[Input] = []
        self.seen = Seen()

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        if not isinstance(message, EpochBegun) and not self.seen.first_time(message):
            return ()
        self.inputs.append((now, message))
        return super().receive(message, now)

    def lapse(self, now: datetime) -> Sequence[Message]:
        self.inputs.append((now, None))
        return super().lapse(now)


def journaled(party: str) -> Journaled:
    return Journaled(party, PROMPT, agreement(), epoch="0", chance=Chance(1))


class Torn(Joined):
    """Both centres are journaled. What is said to nobody on the wire waits for ``run``, as ever."""

    def __init__(self) -> None:
        self.outside: list[Message] = []
        super().__init__()
        self.epochs = 0
        self.centres = {party: self.centre(party) for party in ("us", "ru")}
        self.run(minutes=0)

    def centre(self, party: str) -> Journaled:
        """A new one."""
        return journaled(party)

    def journal(self, party: str) -> list[Input]:
        centre = self.centres[party]
        assert isinstance(centre, Journaled)
        return centre.inputs

    def deliver(self, message: Message) -> None:
        self.outside.append(message)
        super().deliver(message)

    def lose(self, party: str, kept: int) -> None:
        """Put the journal of this centre back to its first ``kept`` inputs, and have it go on as a shell would."""
        past = self.journal(party)[:kept]
        centre = self.centre(party)
        waiting: list[Message] = []
        for at, message in past:
            waiting += centre.receive(message, at) if message is not None else centre.lapse(at)
        self.centres[party] = centre
        self.epochs += 1
        begun = EpochBegun(
            id=f"epoch-{self.epochs}",
            source=party,
            seq=0,
            time=self.now,
            begun=f"e{self.epochs}",
            reason="a test has put it back",
            held=tuple(self._held(past)),
        )
        self._take(centre.receive(begun, self.now))
        self._pass_on()

    def _held(self, past: list[Input]) -> list[Held]:
        highest: dict[tuple[str, str], int] = {("ru", "0"): 0, ("us", "0"): 0, ("exercise", "0"): 0}
        for _, message in past:
            if message is not None and message.seq:
                key = (message.source, message.epoch)
                highest[key] = max(highest.get(key, 0), message.seq)
        return [
            Held(source=source, epoch=epoch, next_seq=max(1, seq - LOOKBACK))
            for (source, epoch), seq in highest.items()
        ]

    def _take(self, said: Any) -> None:
        for message in said:
            self.said.append(message)
            if isinstance(message, Resend):
                everything = [*self.said, *self.outside]
                self._wire += [
                    again
                    for again in everything
                    if again.source == message.to
                    and again.epoch == message.wanted_epoch
                    and again.seq >= message.first_seq
                    and getattr(again, "to", None) == message.source
                ]
            elif hasattr(message, "to"):
                self._wire.append(message)

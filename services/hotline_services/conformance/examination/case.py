"""What a script may do: speak, wait, and judge. One case a scene."""

from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast

from hotline_protocol.agreement import Agreement, Timing
from hotline_protocol.line import Answer, Busy, CallOutcome, HangUp, OnCall, Reason, Ring, Tier
from hotline_protocol.message import Message
from hotline_protocol.service import Receipt

from .peer import Brief, Peer
from .scene import NotTestedError, Scene, UndocumentedError, Wait
from .verdicts import Finding
from .watch import Sign

M = TypeVar("M", bound=Message)
T = TypeVar("T")
Taking = Generator[Wait, Message | None, T]
"""A part of a script that waits, and comes to this."""

TRIES: Final = 4
EVIDENCE: Final = 12


class Case:
    """One scene, as it is played. Times are simulated; deadlines allow the brief's slack beside what is agreed."""

    def __init__(self, scene: Scene, peer: Peer, chosen: frozenset[str], signs: Sequence[Sign] = ()) -> None:
        self.scene: Final = scene
        self.peer: Final = peer
        self.say: Final = peer.say
        self.inject: Final = peer.inject
        self.findings: list[Finding] = []
        self.taken: list[str] = []
        self.call_id: str | None = None
        self.signs: Final = signs
        self._chosen = chosen

    @property
    def brief(self) -> Brief:
        """Who examines whom."""
        return self.peer.brief

    @property
    def rules(self) -> Agreement:
        """The agreement that both sides should have."""
        return self.brief.rules

    @property
    def timing(self) -> Timing:
        """How long everything may take, in simulated seconds."""
        return self.rules.timing

    @property
    def offer_s(self) -> float:
        """How long an offer stands at the lowest tier."""
        return self.rules.tiers[0].offer_s

    @property
    def now(self) -> datetime:
        """Simulated time."""
        return self.peer.now

    # The document ----------------------------------------------------------------------------------------

    def step(self, name: str) -> None:
        """What follows is this step of the scene. Raises UndocumentedError when it has none of that name."""
        if name not in self.scene.steps:
            raise UndocumentedError(f"{self.scene.name}: there is no step {name!r} in its document")
        self.taken.append(name)

    def check(self, requirement: str, kept: object, expected: str, came: object = None) -> bool:
        """Whether the requirement is kept, as far as this tells: what was expected, and what came."""
        step = self.scene.steps[self.taken[-1]]
        if requirement not in step.tests:
            raise UndocumentedError(f"{self.scene.name}: step {self.taken[-1]!r} is not said to test {requirement}")
        if requirement in self._chosen:
            self.findings.append(
                Finding(
                    requirement=requirement,
                    kept=bool(kept),
                    scene=self.scene.name,
                    step=step.sentence,
                    expected=expected,
                    came=_shown(came),
                    at=self.now,
                    exchange=() if kept else tuple(self.peer.exchange[-EVIDENCE:]),
                )
            )
        return bool(kept)

    def needed(self, what: T | None, why_not: str) -> T:
        """This, without which there is nothing to be tested. Raises NotTestedError."""
        if what is None:
            raise NotTestedError(why_not)
        return what

    # Hearing ---------------------------------------------------------------------------------------------

    def hear(self, *kinds: type[M], within_s: float, where: Callable[[Any], object] | None = None) -> Taking[M | None]:
        """The next message of these kinds that is like this, or None when it has not come in time."""
        until = self.now + timedelta(seconds=within_s + self.brief.slack_s)

        def wanted(message: Message) -> bool:
            return isinstance(message, kinds) and (where is None or bool(where(message)))

        return cast("M | None", (yield Wait(wanted, until)))

    def pause(self, seconds: float) -> Taking[None]:
        """Do nothing for so long."""
        yield Wait(lambda _: False, self.now + timedelta(seconds=seconds))

    def receipt_of(self, message: Message, *, times: int = 1) -> Taking[bool]:
        """Whether this is receipted, so often, in ten real seconds."""
        patience = self.brief.real(10)
        while self.peer.receipted.get(message.id, 0) < times:
            receipt = yield from self.hear(Receipt, within_s=patience, where=lambda each: message.id in each.ids)
            if receipt is None:
                return False
        return True

    # Calls -----------------------------------------------------------------------------------------------

    def ring(self, reason: Reason = Reason.ROUTINE, *, about: tuple[str, ...] = (), tier: Tier | None = None) -> Ring:
        """Ring, in a call of a new name."""
        self.peer.calls += 1
        call_id = f"{self.brief.us}-{self.brief.epoch}-c{self.peer.calls}"
        return self.say(Ring, call_id=call_id, reason=reason, tier=tier or self.rules.tiers[0].tier, about=about)

    def answer_to(self, ring: Ring) -> Taking[Answer | Busy | None]:
        """What is said to this ring in the agreed time."""
        heard = yield from self.hear(
            Answer, Busy, within_s=self.timing.ring_s, where=lambda each: each.call_id == ring.call_id
        )
        return cast("Answer | Busy | None", heard)

    def call(self, reason: Reason = Reason.ROUTINE) -> Taking[str]:
        """Ring until it is answered; once only where it was silent before. Raises NotTestedError when it never is."""
        tries = TRIES if self.peer.within_reach else 1
        answer: Answer | Busy | None = None
        for number in range(tries):
            if number:
                yield from self.pause(self.timing.redial_s)
            ring = self.ring(reason)
            answer = yield from self.answer_to(ring)
            if isinstance(answer, Answer):
                self.call_id = ring.call_id
                self.peer.within_reach = True
                return ring.call_id
            if answer is None:
                self.say(HangUp, call_id=ring.call_id, outcome=CallOutcome.NO_ANSWER)
        self.peer.within_reach = answer is not None
        raise NotTestedError(f"it took none of {tries} calls" if tries > 1 else "it takes no calls")

    def see_that_it_lives(self) -> None:
        """Raises NotTestedError when it has not been heard for longer than a sign of life may take."""
        silent_s = (self.now - self.peer.last_heard).total_seconds()
        self.needed(True if silent_s < self.brief.real(12) + self.brief.slack_s else None, "it is not there any more")

    def see_that_it_answers(self) -> Taking[None]:
        """A call about nothing. Raises NotTestedError when it is not answered: then nothing else can be told by it."""
        yield from self.call()
        self.hang_up()
        yield from self.pause(2 * self.brief.slack_s)

    def hang_up(self, outcome: CallOutcome = CallOutcome.COMPLETED) -> None:
        """End our call, if there is one."""
        if self.call_id is not None:
            self.say(HangUp, call_id=self.call_id, outcome=outcome)
            self.call_id = None

    def rung(self, *, within_s: float, about: Callable[[Ring], object] | None = None) -> Taking[Ring | None]:
        """The next time that it rings."""
        return (yield from self.hear(Ring, within_s=within_s, where=about))

    def take_call(self, ring: Ring) -> None:
        """Answer this ring."""
        self.say(Answer, call_id=ring.call_id, cause=ring.id)
        self.call_id = ring.call_id

    def in_call(self, message: object) -> bool:
        """Whether this was said in the call that we are in."""
        return isinstance(message, OnCall) and message.call_id == self.call_id


def _shown(came: Any) -> str:
    if came is None:
        return "nothing"
    if isinstance(came, Message):
        return f"{type(came).__struct_config__.tag} {came.id}"
    return str(came)

"""The examiner: a pure core that plays one scene after another. No I/O, no clock, no chance.

Fed with what arrives and with the time, it returns letters to publish. It is run over a broker by ``live`` and in
simulated time by ``rehearsal``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from hotline_protocol.line import Reconcile, ToPeer
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence, Receipt
from hotline_protocol.topics import MalformedMessageError, decode, topic_of

from .case import Case
from .manners import Manners
from .peer import Brief, Letter, Peer
from .scene import NotTestedError, Scene, Script, Wait
from .scenes import ALL_ALONG, SCENES
from .verdicts import Finding, Report, judge
from .watch import Watch

HEALTH_S: Final = 10.0
ARRIVAL_S: Final = 15.0
"""Real seconds in which a centre that is there has said so: it does every ten."""
CALM_SLACKS: Final = 2
SIGNED: Final = "SIGN-1"
WITHOUT_KEYS: Final = "signatures are examined only with --key and --roster"
GONE: Final = "it is not there any more"
COPIES_KEPT: Final = 100
"""Of one message: who never hears a receipt may go on saying it."""


class Examiner:
    """Plays ``scenes`` to the centre and judges what it says. ``chosen`` are the ids of what is to be judged."""

    def __init__(
        self, brief: Brief, now: datetime, chosen: frozenset[str], scenes: Sequence[Scene] = tuple(SCENES)
    ) -> None:
        self.brief: Final = brief
        self.peer: Final = Peer(brief, now)
        self.watch: Final = Watch(brief)
        self.scenes: Final = [each for each in scenes if each.tests & chosen and _may_play(each, brief)]
        self.findings: list[Finding] = []
        self.reasons: dict[str, str] = {}
        self.taken: dict[str, list[str]] = {}
        self.there: bool | None = None
        self.other_agreement: str | None = None
        self.finished = False
        self.gone = False
        self._chosen = chosen
        self._manners = Manners(self.peer)
        self._next_scene = 0
        self._case: Case | None = None
        self._script: Script | None = None
        self._wait: Wait | None = None
        self._inbox: list[Message] = []
        self._sign_at = now
        self._waited = False
        self._calm_at: datetime | None = None
        self._give_up_at = now + timedelta(seconds=brief.real(ARRIVAL_S))
        self._last_was_goodbye = False
        self._begun = now

    @property
    def playing(self) -> Scene | None:
        """The scene that is being played."""
        return self._case.scene if self._case else None

    @property
    def next_deadline(self) -> datetime | None:
        """When time brings something about, if nothing is heard."""
        if self.finished:
            return None
        times = [self._sign_at, self._wait.until if self._wait else None, self._calm_at]
        if self.there is None:
            times.append(self._give_up_at)
        return min(at for at in times if at is not None)

    def hear(self, topic: str, payload: bytes, now: datetime, *, retained: bool = False) -> list[Letter]:
        """Something that the centre has published."""
        self.peer.now = self.peer.last_heard = now
        self.peer.note(self.brief.them, topic, payload)
        problem = self.brief.check(topic, payload) if self.brief.check is not None else None
        if problem is not None:
            self.watch.unsigned(topic, problem.reason)
        try:
            message = decode(topic, payload)
        except MalformedMessageError as error:
            self.watch.unreadable(error)
            return self.peer.take_letters()
        self.watch.look_at(message, now, retained=retained)
        self._mind(message, payload)
        return self.peer.take_letters()

    def _mind(self, message: Message, payload: bytes) -> None:
        self._last_was_goodbye = isinstance(message, Health) and message.presence is Presence.DOWN
        if self._last_was_goodbye and self._case is not None and not self._case.scene.stops:
            self._end_scene(self._case, GONE)  # what it does not say from now on is not held against it
            return
        if self.there is None and self._is_sign_of_life(message):
            self.there = True
            self._calm_at = self._after_calm()
        if isinstance(message, Receipt):
            for name in message.ids:
                self.peer.receipted[name] = self.peer.receipted.get(name, 0) + 1
        if topic_of(message).receipted and not self._is_news(message, payload):
            return
        if isinstance(message, ToPeer):
            self._manners.keep_books(message)
        if isinstance(message, Reconcile) and self._is_by_another(message):
            self.other_agreement = message.agreement
            self._end()
            return
        self._hand_on(message)

    def _is_by_another(self, reconcile: Reconcile) -> bool:
        """Whether it has another agreement: it says which when we come, and then there is nothing to be examined."""
        early = self._next_scene <= 1 and reconcile.time >= self._begun - timedelta(seconds=self.brief.slack_s)
        return early and reconcile.agreement != self.brief.rules.digest

    def _is_sign_of_life(self, message: Message) -> bool:
        return getattr(message, "presence", Presence.UP) is Presence.UP

    def _is_news(self, message: Message, payload: bytes) -> bool:
        """Receipt it, unless the script has it wait; False for what came before."""
        is_news = message.id not in self.peer.heard
        self.peer.heard.setdefault(message.id, message)
        copies = self.peer.repeated.setdefault(message.id, [])
        if len(copies) < COPIES_KEPT:
            copies.append(payload)
        if not self.peer.withholds(message):
            self.peer.receipt(message)
        return is_news

    def _hand_on(self, message: Message) -> None:
        if self._wait is not None and self._wait.wanted(message):
            self._go_on(message)
        elif not self._manners.deal_with(message, self._case.call_id if self._case else None):
            self._inbox.append(message)

    def lapse(self, now: datetime) -> list[Letter]:
        """Time has passed."""
        self.peer.now = now
        if now >= self._sign_at and not self.finished:
            self.peer.send(self.peer.health())
            self._sign_at = now + timedelta(seconds=self.brief.real(HEALTH_S))
        if self.there is None and now >= self._give_up_at:
            self.there = False
            self._end()
        if self._wait is not None and now >= self._wait.until:
            self._go_on(None)
        if self._calm_at is not None and now >= self._calm_at:
            self._begin_next()
        return self.peer.take_letters()

    # Scenes ----------------------------------------------------------------------------------------------

    def _begin_next(self) -> None:
        self._calm_at = None
        if self._manners.in_call and not self._waited:  # let it say what it has to say, once
            self._waited, self._calm_at = True, self.peer.later(self.brief.rules.timing.silence_s)
            return
        self._waited = False
        self._manners.hang_up()
        self._inbox.clear()
        if self._next_scene >= len(self.scenes) or self._last_was_goodbye:
            self.gone = self._last_was_goodbye and not any(each.stops for each in self.scenes[: self._next_scene])
            self._finish()
            return
        scene = self.scenes[self._next_scene]
        self._next_scene += 1
        self._case = Case(scene, self.peer, self._chosen, self.watch.signs)
        self._script = scene.play(self._case)
        self._go_on(None)

    def _go_on(self, heard: Message | None) -> None:
        """Let the script go on with what it has waited for, until it waits for something that has not been heard."""
        if self._script is None or self._case is None:
            return
        try:
            self._wait = self._script.send(heard) if self._wait is not None else next(self._script)
            while (known := self._known(self._wait)) is not None:
                self._wait = self._script.send(known)
        except StopIteration:
            self._end_scene(self._case, "")
        except NotTestedError as error:
            self._end_scene(self._case, str(error))

    def _known(self, wait: Wait) -> Message | None:
        """What has been heard already and not yet been waited for."""
        for number, message in enumerate(self._inbox):
            if wait.wanted(message):
                return self._inbox.pop(number)
        return None

    def _end_scene(self, case: Case, reason: str) -> None:
        case.hang_up()
        self.peer.withholds = lambda _: False
        self.findings += case.findings
        self.taken[case.scene.name] = case.taken
        judged = {finding.requirement for finding in case.findings}
        for requirement in case.scene.tests - judged:
            self.reasons[requirement] = reason or "it did not come to that"
        self._case = self._script = self._wait = None
        self._calm_at = self._after_calm()

    def _after_calm(self) -> datetime:
        """What is still on its way arrives before the next scene begins."""
        return self.peer.later(CALM_SLACKS * self.brief.slack_s)

    def _finish(self) -> None:
        """Judge what was looked at all along, and say goodbye."""
        for requirement in frozenset().union(*(each.tests for each in self.scenes[self._next_scene :])):
            self.reasons.setdefault(requirement, GONE)
        self.peer.exchange.clear()  # what was said last has nothing to do with what was seen all along
        case = Case(ALL_ALONG, self.peer, self._chosen)
        for name, step in ALL_ALONG.steps.items():
            case.step(name)
            for requirement in step.tests:
                if requirement == SIGNED and self.brief.check is None:
                    self.reasons[requirement] = WITHOUT_KEYS
                    continue
                complaints = self.watch.complaints.get(requirement, [])
                for expected, came in complaints:
                    case.check(requirement, kept=False, expected=expected, came=came)
                if not complaints and self.watch.heard:
                    case.check(requirement, kept=True, expected=step.sentence)
        self.findings += case.findings
        self._end()

    def _end(self) -> None:
        self.finished = True
        self._case = self._script = self._wait = self._calm_at = None
        self.peer.send(self.peer.health(Presence.DOWN))

    def report(self) -> Report:
        """What has been found by now."""
        rules = self.brief.rules
        reasons = {**dict(_why_left_out(self._chosen, self.scenes, self.brief)), **self.reasons}
        return Report(
            party=self.brief.them,
            examined_as=self.brief.us,
            agreement=rules.name,
            digest=rules.digest,
            judgements=judge(self._chosen, self.findings, reasons),
            cut_short=self.gone,
        )


def _may_play(scene: Scene, brief: Brief) -> bool:
    return (brief.may_stop or not scene.stops) and (brief.check is not None or not scene.signed)


def _why_left_out(chosen: frozenset[str], played: Iterable[Scene], brief: Brief) -> Iterable[tuple[str, str]]:
    names = {each.name for each in played}
    for each in SCENES:
        if each.name not in names and not _may_play(each, brief):
            for requirement in each.tests & chosen:
                yield requirement, WITHOUT_KEYS if each.signed else "the centre is told to stop only with --stop"

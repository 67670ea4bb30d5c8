"""A centre between two peers that say what they like, in whatever order and with whatever clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import combinations
from typing import Any, Final, TypeVar

import msgspec

from hotline_protocol.agreement import Agreement, LineCheckRule, TierRule, Zone
from hotline_protocol.airspace import Area, Circle, Polygon, Position, Volume4D
from hotline_protocol.conflicts import in_conflict
from hotline_protocol.flightplan import FlightKind, PlanState, Priority
from hotline_protocol.ledger import agreement_id_of
from hotline_protocol.line import (
    Advise,
    Affirm,
    Answer,
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Entered,
    HangUp,
    LineCheck,
    LineChecked,
    Mail,
    MailRead,
    Noted,
    Propose,
    Protest,
    ReadBack,
    Ring,
    Tier,
    ToPeer,
    offer_digest,
)
from hotline_protocol.menu import Block, Choice, Menu, Sector, Window
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import Costs, Officer, PartyConfig
from hotline_services.aoc.ledger import PairLedger
from hotline_services.simulation.chance import Chance

from .joined import DAWN, ON_THE_LINE, agreement, away

N = TypeVar("N")

PEERS: Final = ("ru", "tr")
MOST_SAID: Final = 80
FIRM: Final = {PlanState.ACCEPTED, PlanState.ACTIVATED}
HEIGHTS: Final = ((18_000, 20_000), (19_000, 23_000), (10_000, 14_000), (26_000, 27_000))


def rules() -> Agreement:
    return agreement(
        parties=("us", *PEERS),
        zones=(Zone(name="shared", area=Circle(centre=ON_THE_LINE, radius_nm=20)),),
        tiers=(TierRule(tier=Tier.DUTY_OFFICER, rounds=4), TierRule(tier=Tier.COMMANDER, rounds=3, disclosure=True)),
        line_check=LineCheckRule(caller="us", at=(time(7), time(13), time(19))),
    )


RULES: Final = rules()
LUNCH: Final = away(20, 30)


class Siege:
    """The centre, the clock, and what the peers have heard and may make use of. Checks after each message."""

    def __init__(self, think_s: float = 0.0, walk_away: float = 0.1, mishears: float = 0.0) -> None:
        costs = Costs(walk_away=walk_away, content=0.9)
        officer = Officer(answer_s=think_s, think_s=think_s, relay_s=think_s, mail_s=think_s, mishears=mishears)
        config = PartyConfig(officer=officer, costs=costs)
        self.centre = Centre("us", config, RULES, epoch="0", chance=Chance(7), roster=LUNCH)
        self.now = DAWN
        self.outside = Author("exercise")
        self.authors = {peer: Author(peer) for peer in PEERS}
        self.chains = {peer: PairLedger(peer, "us") for peer in PEERS}
        self.said: list[Message] = []
        self.heard: list[Message] = []
        self.call_ids = ["us", "none"]
        self.negotiation_ids = ["x" * 96, "us-1"]
        self.offers = ["0" * 16, "f" * 64]
        self.menus: dict[str, Menu] = {}
        self.choices: dict[str, Choice] = {}
        self._answered: set[str] = set()
        self._open_since: dict[object, datetime] = {}
        self.pass_time(0)

    def pass_time(self, minutes: float) -> None:
        """The shell wakes the core whenever it wants to be woken."""
        until = self.now + timedelta(minutes=minutes)
        while (at := self.centre.next_deadline) is not None and at <= until:
            self.lapse(max(self.now, at))
        self.now = until

    def oversleep(self, seconds: float) -> None:
        """The shell wakes the core late, and once."""
        self._open_since.clear()
        self.lapse(self.now + timedelta(seconds=seconds))

    def lapse(self, at: datetime) -> None:
        self.now = at
        self._take(self.centre.lapse(at))
        assert self.centre.next_deadline is None or self.centre.next_deadline > at, "a lapse must make progress"
        self._check_that_all_ends()

    def tell(self, kind: type[Message], /, **fields: Any) -> None:
        """From outside, and to be trusted."""
        self.hear(self.outside.say(kind, self.now, to="us", **fields))

    def peer_says(self, peer: str, kind: type[ToPeer], clock: str, /, **fields: Any) -> None:
        message = self.authors[peer].say(kind, self.now, to="us", **fields)
        self.offers.extend(filter(None, [getattr(message, "offer", None)]))
        self.hear(msgspec.structs.replace(message, time=self.clock(clock)))

    def hear(self, message: Message) -> None:
        self.heard.append(message)
        self._take(self.centre.receive(message, self.now))
        self._check_that_all_ends()

    def _take(self, said: Any) -> None:
        assert len(said) <= MOST_SAID
        for message in said:
            assert decode(address_of(message), encode(message)) == message, "the other side must be able to read it"
            if isinstance(message, Ring):
                self.call_ids.append(message.call_id)
            if isinstance(message, Propose):
                self.negotiation_ids.append(message.negotiation_id)
                self.menus[message.negotiation_id] = message.menu
            if isinstance(message, Propose | Counter):
                self.choices[message.offer] = message.choice
            if isinstance(message, Propose | Counter | Concur):
                self.offers.append(message.offer)
        self.said.extend(said)
        self._check_that_nobody_flies_in_what_was_granted()

    # A peer that plays by the rules, more or less ---------------------------------------------------------------

    def go_along(self, steps: int, how: str, clock: str) -> None:
        """Answer what was said last, as often as there is something to answer."""
        for _ in range(steps):
            words = next((m for m in reversed(self.said) if isinstance(m, ToPeer) and not isinstance(m, HangUp)), None)
            if words is None or words.id in self._answered:
                break
            self._answered.add(words.id)
            self._react(words, how, clock)
            self.pass_time(0.5)

    def _react(self, words: ToPeer, how: str, clock: str) -> None:
        soon = self.now + timedelta(minutes=2) if clock in {"now", "in Damascus"} else self.clock(clock)
        ours = getattr(words, "negotiation_id", "") in self.menus
        match words:
            case Ring():
                self.peer_says(words.to, Answer, clock, call_id=words.call_id)
            case LineCheck():
                heads = {"heads": self.chains[words.to].heads, "agreement": words.agreement}
                self.peer_says(words.to, LineChecked, clock, call_id=words.call_id, **heads)
            case Protest() | Advise():
                self.peer_says(words.to, Noted, clock, call_id=words.call_id)
            case ReadBack():
                self.peer_says(words.to, Affirm, clock, call_id=words.call_id, at=words.at)
            case Mail():
                self.peer_says(words.to, MailRead, clock, about=words.about)
            case Propose() | Counter() if ours and how == "concur":
                self._on_offer(words, Concur, clock, offer=words.offer, hold_until=soon)
            case Propose() | Counter() if ours and how == "counter":
                self._counter_well(words, soon, clock)
            case Propose() | Counter():
                self._on_offer(words, Decline, clock, answers=words.offer)
            case Disclose():
                self._on_offer(words, Disclose, clock, worth=words.worth, walk_away=0.0)
            case Concur() if not ours:
                self.peer_says(words.to, Confirm, clock, negotiation_id=words.negotiation_id, offer=words.offer)
            case Confirm() | Concur():
                self._enter(words, honest=how != "decline")
            case _:
                pass

    def _on_offer(self, words: Any, kind: type[ToPeer], clock: str, /, **fields: Any) -> None:
        self.peer_says(words.to, kind, clock, call_id=words.call_id, negotiation_id=words.negotiation_id, **fields)

    def _counter_well(self, words: Propose | Counter, until: datetime, clock: str) -> None:
        menu = self.menus[words.negotiation_id]
        choice = menu.choice(len(self.said) % menu.size)
        offer = offer_digest(words.negotiation_id, words.call_id, digest_of(menu), choice)
        self.choices[offer] = choice
        fields = {"answers": words.offer, "choice": choice, "offer": offer, "round": 2, "expires_at": until}
        self._on_offer(words, Counter, clock, **fields)

    def _enter(self, words: Confirm | Concur, *, honest: bool) -> None:
        """Enter what they took up, or something else under its name."""
        choice = self.choices.get(words.offer)
        menu = self.menus[words.negotiation_id]
        volumes = menu.volumes(choice) if honest and choice else (somewhere(self.now),)
        name = agreement_id_of(words.negotiation_id, words.offer)
        entry = self.chains[words.to].grant(name, volumes, words.offer, Priority.ROUTINE, self.now)
        self.peer_says(words.to, Entered, "now", entry=entry)

    def propose(self, peer: str, name: str, menu: Menu, priority: Priority, clock: str) -> None:
        """A proposal whose digest is right, whatever else is wrong with it."""
        self.negotiation_ids.append(name)
        call_id = self.call_of(peer, 0)
        choice = Choice(sector=0, block=0, shift=0)
        self.peer_says(
            peer,
            Propose,
            clock,
            call_id=call_id,
            negotiation_id=name,
            menu=menu,
            choice=choice,
            offer=offer_digest(name, call_id, digest_of(menu), choice),
            kind=FlightKind.PATROL,
            priority=priority,
            round=1,
            expires_at=self.now + timedelta(minutes=2) if clock == "now" else self.clock(clock),
        )

    # What must always hold ----------------------------------------------------------------------------------------

    def _check_that_nobody_flies_in_what_was_granted(self) -> None:
        """Neither we nor a third side; but a peer may let us in to what it was granted itself."""
        uses = [
            (filed.plan.plan_id, volume, {granter for _, granter, _ in filed.agreements})
            for filed in self.centre.plans.values()
            if filed.state in FIRM and filed.priority is not Priority.EMERGENCY
            for volume in filed.volumes
        ]
        for peer in PEERS:
            for entry in self.centre.ledgers[peer].standing("us", self.now):
                uses.extend((peer, volume, {peer}) for volume in entry.volumes)
        for (one, air, agreed), (other, more_air, also_agreed) in combinations(uses, 2):
            if one != other and other not in agreed and one not in also_agreed and air.end > self.now < more_air.end:
                assert not in_conflict(air, more_air, RULES.boundary_rule), f"{one} and {other} hold the same air"

    def _check_that_all_ends(self) -> None:
        talks, desk = self.centre.parts.talks, self.centre.parts.desk
        assert not any(talk.state.is_over for talk in talks.all()), "what is over must be forgotten"
        assert all(len(call.thoughts) <= 64 for call in desk.state.calls)
        is_open = {*((talk.peer, talk.id, type(talk)) for talk in talks.all()), *([desk.call.id] if desk.call else ())}
        self._open_since = {what: self._open_since.get(what, self.now) for what in is_open}
        longest = 2 * RULES.timing.negotiation_s + RULES.timing.hold_s + 2 * RULES.timing.silence_s
        for what, since in self._open_since.items():
            assert self.now - since <= timedelta(seconds=longest), f"{what} has been open since {since}"

    def end(self) -> None:
        """Nobody says anything more: everything is over in time."""
        self.pass_time(4 * 60)
        assert self.centre.open_negotiations() == []

    # What can be named ---------------------------------------------------------------------------------------------

    def call_of(self, peer: str, number: int) -> str:
        """The call in progress with this peer, mostly; or any other that there has been."""
        call = self.centre.parts.desk.call
        if number < 6 and call is not None and call.peer == peer:
            return call.id
        return self.recent(self.call_ids, number)

    @staticmethod
    def recent(names: list[N], number: int) -> N:
        return names[-1 - number % len(names)]

    def clock(self, name: str) -> datetime:
        """The time by a clock that is right, or is not."""
        match name:
            case "a moment ago":
                return self.now - timedelta(seconds=1)
            case "an hour ago":
                return self.now - timedelta(hours=1)
            case "in an hour":
                return self.now + timedelta(hours=1)
            case "in Damascus":
                return self.now.astimezone(timezone(timedelta(hours=3)))
            case "at the beginning of time":
                return datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
            case "at the end of time":
                return datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))
            case _:
                return self.now


def somewhere(now: datetime) -> Volume4D:
    area = Circle(centre=ON_THE_LINE, radius_nm=9)
    return Volume4D(area=area, lower_ft=0, upper_ft=60_000, start=now, end=now + timedelta(hours=9))


def menu_of(place: Position, heights: tuple[int, int], start: datetime) -> Menu:
    """Two legs, one inside the other, and two heights."""
    areas: tuple[Area, ...] = (Circle(centre=place, radius_nm=9), Circle(centre=place, radius_nm=4))
    wanted = Block(name="b", lower_ft=heights[0], upper_ft=heights[1])
    return Menu(
        sectors=(Sector(name="here", areas=areas),),
        blocks=(wanted, Block(name="c", lower_ft=0, upper_ft=9_000)),
        shifts_min=(0, -15, 30),
        windows=(Window(start=start, end=start + timedelta(hours=1)),) * 2,
    )


def odd_menus(now: datetime) -> Iterator[Menu]:
    """Well-formed, each of them, and none that can be bargained about."""
    hour = timedelta(hours=1)
    begin, end = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    menu = menu_of(ON_THE_LINE, HEIGHTS[0], now + hour)
    change = msgspec.structs.replace
    (sector,) = menu.sectors
    for windows in (
        (Window(start=now + hour, end=now),) * 2,
        (Window(start=now - 48 * hour, end=now - 47 * hour),) * 2,
        (Window(start=now - 3 * hour, end=now - 2 * hour),) * 2,
        (Window(start=begin, end=end),) * 2,
        (Window(start=end - hour, end=end), Window(start=begin, end=begin + hour)),
        (Window(start=now + 87_600 * hour, end=now + 87_601 * hour),) * 2,
        menu.windows[:1],
    ):
        yield change(menu, windows=windows)
    for shifts in ((10**30,), (-(10**9), 0)):
        yield change(menu, shifts_min=shifts)
    yield change(menu, shifts_min=tuple(range(49)), sectors=menu.sectors * 16, blocks=menu.blocks * 8)
    yield change(menu, blocks=(Block(name="b", lower_ft=9_000, upper_ft=9_000),))
    bow = Polygon(vertices=(Position(40.0, 35.0), Position(40.1, 35.1), Position(40.1, 35.0), Position(40.0, 35.1)))
    far = Circle(centre=Position(0.0, -90.0), radius_nm=5)
    large = Polygon(vertices=tuple(Position(39.0 + n / 500, 35.0 + (n / 500) ** 2) for n in range(500)))
    for area in (bow, far):
        yield change(menu, sectors=(change(sector, areas=(area, area)),))
    yield change(menu, sectors=(Sector(name="large", areas=(large,) * 64),), windows=menu.windows * 32)

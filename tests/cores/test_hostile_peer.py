"""Whatever a peer says, in whatever order and with whatever clock: a centre stays sound, and everything ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected
from hotline_protocol.flightplan import Flexibility, Priority
from hotline_protocol.injection import (
    Advice,
    AdviceKind,
    CancelPlan,
    DeclareEmergency,
    PassAdvice,
    ReportSighting,
    SightingKind,
    SubmitPlan,
)
from hotline_protocol.ledger import Entry, EntryKind, Head, agreement_id_of
from hotline_protocol.line import (
    Advise,
    Affirm,
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Decline,
    Disclose,
    Entered,
    Entries,
    Expire,
    HangUp,
    Lapsed,
    LineCheck,
    LineChecked,
    Mail,
    MailRead,
    Noted,
    Protest,
    ReadBack,
    Reason,
    Reconcile,
    Release,
    Ring,
    Tier,
    ToPeer,
    Withdraw,
)
from hotline_protocol.menu import Choice
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Presence

from .hostile import HEIGHTS, PEERS, RULES, Siege, menu_of, odd_menus, somewhere
from .joined import DAWN, ON_THE_LINE, plan

PLACES = (ON_THE_LINE, Position(40.0, 35.2), Position(40.05, 34.8), Position(41.6, 36.6), Position(43.9, 35.0))
RIGID = Flexibility(max_shift_min=0, max_offset_nm=0, other_blocks=False)
EMPTY: dict[str, Any] = {}
Step = tuple[Callable[..., None], tuple[Any, ...]]

peers = st.sampled_from(PEERS)
few = st.integers(0, 7)
places = st.sampled_from(PLACES)
anywhere = st.sampled_from((*PLACES, Position(0.0, -90.0), Position(180.0, 90.0)))
heights = st.sampled_from(HEIGHTS)
priorities = st.sampled_from((*(Priority.ROUTINE,) * 5, Priority.EMERGENCY))
false_clocks = ("a moment ago", "an hour ago", "in an hour", "in Damascus", "at the beginning of time")
clocks = st.sampled_from((*("now",) * 6, *false_clocks, "at the end of time"))
counts = st.sampled_from((0, 1, 2, 3, 16, 10**6, 10**30))
indices = st.sampled_from((0, 0, 0, 1, 2, 5, 10**9))


def file(siege: Siege, number: int, place: Position, height: tuple[int, int], hours: float, priority: Priority) -> None:
    hours += (siege.now - DAWN) / timedelta(hours=1)
    flexibility = RIGID if number % 3 == 0 else Flexibility()
    changes: dict[str, Any] = {"priority": priority, "flexibility": flexibility}
    name = f"us-{number}-{len(siege.heard)}" if number else "us-1"
    siege.tell(SubmitPlan, plan=plan(name, place, hours=hours, lower_ft=height[0], upper_ft=height[1], **changes))


def change(siege: Siege, number: int, kind: type[CancelPlan | DeclareEmergency]) -> None:
    names = list(siege.centre.plans)
    siege.tell(kind, plan_id=siege.recent(names, number) if names else "none")


def see(siege: Siege, peer: str, kind: SightingKind, lat: float, clock: str) -> None:
    siege.tell(ReportSighting, kind=kind, by=peer, at=Position(40.0, lat), seen_at=siege.clock(clock))


def come_and_go(siege: Siege, peer: str, presence: Presence, session: str) -> None:
    siege.hear(siege.authors[peer].say(Health, siege.now, presence=presence, session=session))


def ring(siege: Siege, peer: str, reason: Reason, tier: Tier, clock: str, number: int) -> None:
    call_id = f"{peer}-c{len(siege.call_ids)}" if number else siege.call_ids[-1]
    siege.call_ids.append(call_id)
    siege.peer_says(peer, Ring, clock, call_id=call_id, reason=reason, tier=tier)


def call_and_ask(siege: Siege, peer: str, tier: Tier, wishes: list[Any], priority: Priority, hang_up: bool) -> None:
    """A call as it should be, up to what is then left undone."""
    if siege.centre.parts.desk.call is None:
        ring(siege, peer, Reason.EMERGENCY, tier, "now", 1)
        siege.pass_time(0.5)
    for place, height in wishes:
        menu = menu_of(place, height, siege.now + timedelta(hours=1))
        siege.propose(peer, f"{peer}-n{len(siege.negotiation_ids)}", menu, priority, "now")
        siege.pass_time(0.5)
        siege.go_along(1, "concur", "now")
    if hang_up:
        siege.peer_says(peer, HangUp, "now", call_id=siege.call_of(peer, 0), outcome=CallOutcome.COMPLETED)


def say_of_a_call(siege: Siege, peer: str, kind: type[ToPeer], call: int, outcome: CallOutcome) -> None:
    more = {"outcome": outcome} if kind is HangUp else EMPTY
    siege.peer_says(peer, kind, "now", call_id=siege.call_of(peer, call), **more)


def compare(siege: Siege, peer: str, kind: type[ToPeer], call: int, length: int, forged: bool) -> None:
    forgery = {peer: Head(length=length, hash="a" * 64), "us": Head(length=length)}
    more = EMPTY if kind is Reconcile else {"call_id": siege.call_of(peer, call), "heard_seq": length}
    digest = "0" * 16 if forged else RULES.digest
    heads = forgery if forged else siege.chains[peer].heads
    siege.peer_says(peer, kind, "now", agreement=digest, heads=heads, **more)


def protest(siege: Siege, peer: str, call: int, clock: str) -> None:
    about = {"kind": SightingKind.CLOSE_APPROACH, "at": Position(0.0, -90.0), "seen_at": siege.clock(clock)}
    siege.peer_says(peer, Protest, clock, call_id=siege.call_of(peer, call), **about)


def tell(siege: Siege, peer: str, kind: type[ToPeer], call: int, place: Position, clock: str, until: str) -> None:
    told = Advice(kind=list(AdviceKind)[call % 4], at=place, start=siege.clock(clock), end=siege.clock(until))
    more: dict[type[ToPeer], dict[str, Any]] = {
        Advise: {"call_id": siege.call_of(peer, call), "advice": told},
        ReadBack: {"call_id": siege.call_of(peer, call), "at": place},
        Affirm: {"call_id": siege.call_of(peer, call), "at": place},
        Mail: {"about": f"m{call}", "advice": told, "protests": SightingKind.CLOSE_APPROACH if call % 3 else None},
        MailRead: {"about": siege.recent(siege.centre.untold() or ["none"], call)},
    }
    siege.peer_says(peer, kind, clock, **more[kind])


def pass_on(siege: Siege, peer: str, kind: AdviceKind, place: Position, clock: str, until: str) -> None:
    told = Advice(kind=kind, at=place, start=siege.clock(clock), end=siege.clock(until))
    siege.tell(PassAdvice, peer=peer, advice=told)


def propose(
    siege: Siege, peer: str, name: int, place: Position, height: tuple[int, int], priority: Priority, clock: str
) -> None:
    """Under a name that may be one of ours, or of the other peer, or that of a plan or an agreement."""
    granted = [entry.agreement_id for party in PEERS for entry in siege.centre.ledgers[party].chain("us")]
    names = [*siege.negotiation_ids[-4:], *granted, *siege.centre.plans, "x" * 96]
    menu = menu_of(place, height, siege.now + timedelta(hours=0.5))
    siege.propose(peer, siege.recent(names, name), menu, priority, clock)


def propose_nonsense(siege: Siege, peer: str, number: int, clock: str) -> None:
    menus = list(odd_menus(siege.now))
    siege.propose(peer, f"{peer}-odd", menus[number % len(menus)], Priority.ROUTINE, clock)


def say_in_negotiation(
    siege: Siege,
    peer: str,
    kind: type[ToPeer],
    call: int,
    names: tuple[int, int, int],
    choice: Choice,
    worth: tuple[float, ...],
    clock: str,
) -> None:
    offer, answers = siege.recent(siege.offers, names[1]), siege.recent(siege.offers, names[2])
    until = siege.clock(clock)
    more: dict[type[ToPeer], dict[str, Any]] = {
        Counter: {"answers": answers, "offer": offer, "choice": choice, "round": 3, "expires_at": until},
        Concur: {"offer": offer, "hold_until": until},
        Decline: {"answers": answers},
        Expire: {"offer": offer},
        Disclose: {"worth": worth, "walk_away": 0.0},
        Withdraw: {},
    }
    negotiation_id = siege.recent(siege.negotiation_ids, names[0])
    siege.peer_says(peer, kind, clock, call_id=siege.call_of(peer, call), negotiation_id=negotiation_id, **more[kind])


def settle(siege: Siege, peer: str, kind: type[ToPeer], negotiation: int, offer: int) -> None:
    name = siege.recent(siege.negotiation_ids, negotiation)
    siege.peer_says(peer, kind, "now", negotiation_id=name, offer=siege.recent(siege.offers, offer))


def enter_nonsense(
    siege: Siege, peer: str, granter: str, index: int, kind: EntryKind, negotiation: int, offer: int
) -> None:
    named = siege.recent(siege.offers, offer)
    entry = Entry(
        granter=granter,
        user="us",
        index=index,
        previous="0" * 64,
        kind=kind,
        agreement_id=agreement_id_of(siege.recent(siege.negotiation_ids, negotiation)[:80], named),
        volumes=(somewhere(siege.now),),
        offer=named,
        entered_at=siege.now,
    )
    if offer % 2:
        siege.peer_says(peer, Entered, "now", entry=entry)
    else:
        later = [msgspec.structs.replace(entry, index=index + n) for n in range(3)]
        siege.peer_says(peer, Entries, "now", entries=(*later, entry))


def release(siege: Siege, peer: str, which: int) -> None:
    granted = [entry.agreement_id for entry in siege.centre.ledgers[peer].chain("us")]
    siege.peer_says(peer, Release, "now", agreement_id=siege.recent([*siege.negotiation_ids, *granted], which))


def say_again(siege: Siege, which: int) -> None:
    nothing: list[Message] = [siege.outside.say(Health, siege.now, presence=Presence.UP, session="x")]
    siege.hear(siege.recent(siege.heard or nothing, which))


def step(does: Callable[..., None], *fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(does), st.tuples(*fields))


pick = st.sampled_from
named = st.tuples(few, few, few)
choices = st.builds(Choice, sector=indices, block=pick((0, 1)), shift=indices)
worths = pick(((), (1.0,), (-1.0,), (0.5,) * 325, (0.0, 1.0) * 30))
words = pick((Counter, Counter, Concur, Decline, Withdraw, Expire, Disclose))

filing = step(file, few, places, heights, pick((-0.2, 0.1, 0.5, 1, 1, 2, 2)), priorities)
waiting = step(Siege.pass_time, pick((0, 0.2, 0.5, 0.5, 1, 1, 5, 6, 30, 90, 26 * 60)))
going_along = step(Siege.go_along, st.integers(1, 6), pick(("concur", "concur", "counter", "decline")), clocks)
asking = step(
    call_and_ask,
    peers,
    pick((Tier.DUTY_OFFICER, Tier.DUTY_OFFICER, Tier.COMMANDER)),
    st.lists(st.tuples(places, heights), min_size=1, max_size=3),
    priorities,
    st.booleans(),
)
nonsense = (
    step(Siege.oversleep, pick((0, 10, 7_200, 10**6))),
    step(change, few, pick((CancelPlan, DeclareEmergency))),
    step(see, peers, pick(SightingKind), pick((35.5, -90.0, 90.0)), clocks),
    step(come_and_go, peers, pick(Presence), pick(("s1", "s2"))),
    step(ring, peers, pick(Reason), pick(Tier), clocks, few),
    step(say_of_a_call, peers, pick((Answer, Busy, Noted, HangUp)), few, pick(CallOutcome)),
    step(compare, peers, pick((LineCheck, LineChecked, Reconcile)), few, counts, st.booleans()),
    step(protest, peers, few, clocks),
    step(tell, peers, pick((Advise, Advise, ReadBack, Affirm, Mail, MailRead)), few, anywhere, clocks, clocks),
    step(pass_on, peers, pick(AdviceKind), anywhere, clocks, clocks),
    step(propose, peers, few, places, heights, priorities, clocks),
    step(propose_nonsense, peers, st.integers(0, 14), clocks),
    step(say_in_negotiation, peers, words, few, named, choices, worths, clocks),
    step(settle, peers, pick((Confirm, Lapsed)), few, few),
    step(enter_nonsense, peers, pick(("us", *PEERS)), pick((1, 2, 3, 10**6, 10**30)), pick(EntryKind), few, few),
    step(release, peers, few),
    step(say_again, few),
)
fruitful = (filing, filing, going_along, going_along, going_along, asking, asking, waiting)
steps = pick((*fruitful, *fruitful, *nonsense)).flatmap(lambda one: one)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pick((0.0, 20.0)), pick((0.1, 0.6)), pick((0.0, 0.5)), st.lists(steps, min_size=20, max_size=80))
def test_a_centre_stays_sound_whatever_its_peers_say(
    think_s: float, walk_away: float, mishears: float, taken: list[Step]
) -> None:
    siege = Siege(think_s, walk_away, mishears)
    for does, drawn in taken:
        does(siege, *drawn)
    siege.end()


@pytest.mark.parametrize("number", range(15))
def test_a_menu_that_cannot_be_bargained_about_is_declined_with_the_reason(number: int) -> None:
    siege = Siege()
    ring(siege, "ru", Reason.ROUTINE, Tier.DUTY_OFFICER, "now", 1)
    propose_nonsense(siege, "ru", number, "now")
    (problem,) = [said.problem for said in siege.said if isinstance(said, InputRejected)]
    assert problem.field.startswith("menu")
    assert problem.field not in problem.reason
    assert [said.reason for said in siege.said if isinstance(said, Decline)] == [f"{problem.field}: {problem.reason}"]
    assert siege.centre.open_negotiations() == []

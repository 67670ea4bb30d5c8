"""Who may say what: a name in a message is a claim, and believed only where nobody else can make it."""

import re
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.agreement import AgreementError, read_agreement
from hotline_protocol.authority import RIGHTS, Role, access_list, door, identities, may_order, objection, role_of
from hotline_protocol.events import LineMoved
from hotline_protocol.examples import PLAN, examples
from hotline_protocol.hearing import ear
from hotline_protocol.injection import (
    AnnouncedState,
    AnnounceLine,
    CancelPlan,
    FlyUnannounced,
    Injected,
    PassAdvice,
    ReportSighting,
    SubmitPlan,
)
from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message, canonical_json
from hotline_protocol.names import RESERVED
from hotline_protocol.orders import TakeDesk
from hotline_protocol.service import Resend, Stop, Unreadable
from hotline_protocol.topics import ORDER, TOPICS, address_of, encode, topic_of

from .talk import NOON

ROOT = Path(__file__).parents[2]
PARTIES = ("us", "ru")
EXAMPLES = {type(example): example for example in examples()}
BARE = canonical_json(PLAN)


def heard(topic: str, payload: bytes, parties: tuple[str, ...] = PARTIES) -> Message:
    (message,) = ear(f"hotline/v1/{topic}", payload, NOON, parties)
    return message


def refused(topic: str, payload: bytes) -> tuple[str, str]:
    message = heard(topic, payload)
    assert isinstance(message, Unreadable), message
    assert message.about == ""
    return message.code, message.field


def cancelling(source: str, to: str = "us", **envelope: Any) -> bytes:
    fields: dict[str, Any] = {"id": "m", "seq": 9, "time": NOON} | envelope
    return encode(CancelPlan(**fields, source=source, to=to, plan_id="p"))


def ordered(kind: type[Message], source: str, to: str = "us", **fields: Any) -> tuple[str, str]:
    message = Author(source).say(kind, NOON, to=to, **fields)
    return refused(ORDER.address(message).removeprefix("hotline/v1/"), encode(message))


@pytest.mark.parametrize("name", ["us", "ru", "ru-desk", "xx-desk", *sorted(RESERVED - {"inject"})])
def test_nobody_speaks_on_the_open_topic_as_somebody_who_has_topics_of_their_own(name: str) -> None:
    assert refused("inject/us", cancelling(name)) == ("not-allowed", "source")


def test_what_is_typed_by_hand_is_taken_and_never_counted() -> None:
    for source in ("inject", "lt-smith"):
        message = heard("inject/us", cancelling(source))
        assert isinstance(message, CancelPlan)
        assert (message.source, message.seq) == (source, 0)


def test_a_plan_without_envelope_is_of_whom_the_topic_names() -> None:
    for topic, source in (("inject/us", "inject"), ("order/control/us", "control"), ("order/us-desk/us", "us-desk")):
        message = heard(topic, BARE)
        assert isinstance(message, SubmitPlan)
        assert (message.source, message.to, message.plan) == (source, "us", PLAN)


def test_a_plan_without_envelope_is_refused_of_who_may_file_none() -> None:
    assert refused("order/observer/us", BARE) == ("not-allowed", "type")
    assert refused("order/ru-desk/us", BARE) == ("not-allowed", "to")


def test_a_source_that_is_not_the_topic_s_is_refused() -> None:
    for topic in ("order/sky/us", "order/director/us", "order/ru-desk/us"):
        assert refused(topic, cancelling("ru"))[1] == "topic"
    answer = Author("ru").say(Answer, NOON, to="us", call_id="c")
    assert refused("line/tr/us", encode(answer))[1] == "topic"


@pytest.mark.parametrize(
    ("kind", "source", "to", "fields"),
    [
        (AnnounceLine, "page", "us", {"state": AnnouncedState.SUSPENDED}),
        (AnnounceLine, "sky", "us", {"state": AnnouncedState.SUSPENDED}),
        (AnnounceLine, "ru", "us", {"state": AnnouncedState.SUSPENDED}),
        (SubmitPlan, "monitor", "us", {"plan": PLAN}),
        (SubmitPlan, "observer", "us", {"plan": PLAN}),
        (FlyUnannounced, "us-desk", "us", {"plan": PLAN}),
        *((Stop, name, "us", {}) for name in ("monitor", "sky", "page", "us-desk", "ru", "observer")),
        *((TakeDesk, name, "us", {"sitting": "s", "operator": "x"}) for name in ("control", "director", "ru", "page")),
    ],
)
def test_what_a_role_may_not_order_is_refused(
    kind: type[Message], source: str, to: str, fields: dict[str, Any]
) -> None:
    assert ordered(kind, source, to, **fields) == ("not-allowed", "type")


def test_a_desk_orders_its_own_centre_alone() -> None:
    taking = Author("us-desk").say(TakeDesk, NOON, to="us", sitting="s", operator="x")
    assert heard("order/us-desk/us", encode(taking)) == taking
    assert ordered(TakeDesk, "ru-desk", "us", sitting="s", operator="x") == ("not-allowed", "to")


def test_a_desk_is_not_taken_on_the_open_topic() -> None:
    taking = Author("lt-smith").say(TakeDesk, NOON, to="us", sitting="s", operator="x")
    assert refused("inject/us", encode(taking)) == ("not-allowed", "type")


def test_only_a_centre_says_that_it_has_moved_the_line() -> None:
    moved = EXAMPLES[LineMoved]
    assert isinstance(moved, LineMoved)
    assert objection(moved, topic_of(moved), PARTIES) is None
    for source in ("sky", "monitor", "director"):
        forged = Author(source).say(LineMoved, NOON, review_id="r", agreement="0" * 16, trace=moved.trace)
        assert refused(f"event/{source}", encode(forged)) == ("not-allowed", "type")


@pytest.mark.parametrize("source", ["sky", "control", "lt-smith"])
def test_nobody_gives_the_ids_that_another_would_give_next(source: str) -> None:
    topic = "inject/us" if source == "lt-smith" else f"order/{source}/us"
    sighting = EXAMPLES[ReportSighting]
    fields = {name: getattr(sighting, name) for name in ("kind", "by", "at", "seen_at")}
    for name, is_taken in (("ru-e1-12", False), (f"{source}-e1-12", True), ("mine-12", True), ("ru-12", True)):
        message = ReportSighting(id=name, source=source, seq=0, time=NOON, to="us", **fields)
        answer = heard(topic, encode(message))
        assert (answer == message) is is_taken
        assert is_taken or (isinstance(answer, Unreadable) and answer.field == "id")


def test_the_old_address_of_requests_takes_them_uncounted_and_stops_nothing() -> None:
    asked = Author("monitor").say(Resend, NOON, to="us", wanted_epoch="e", first_seq=1, last_seq=2)
    message = heard("control/us", encode(asked))
    assert isinstance(message, Resend)
    assert message.seq == 0
    for source in ("control", "director", "monitor", "lt-smith"):
        stop = Author(source).say(Stop, NOON, to="us")
        assert refused("control/us", encode(stop)) == ("not-allowed", "type")


@pytest.mark.parametrize("message", EXAMPLES.values(), ids=lambda message: type(message).__name__)
def test_every_example_may_be_said_where_it_is_said(message: Message) -> None:
    assert objection(message, topic_of(message), PARTIES) is None
    assert ear(address_of(message), encode(message), NOON, PARTIES) == [message]


def test_every_kind_of_message_may_be_said_by_somebody() -> None:
    said = frozenset[type[Message]]().union(*(rights.says for rights in RIGHTS.values()))
    assert said == {kind for topic in TOPICS for kind in topic.messages}
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize(
    ("user", "kind", "to", "where"),
    [
        (None, SubmitPlan, "us", "inject/us"),
        ("control", SubmitPlan, "us", "order/control/us"),
        ("page", SubmitPlan, "ru", "order/page/ru"),
        ("us-desk", SubmitPlan, "us", "order/us-desk/us"),
        ("us-desk", SubmitPlan, "ru", "inject/ru"),
        ("lt-smith", SubmitPlan, "us", "inject/us"),
        ("page", PassAdvice, "us", "inject/us"),
    ],
)
def test_whoever_has_a_topic_for_it_orders_there(user: str | None, kind: type[Injected], to: str, where: str) -> None:
    assert door(user, kind, to) == f"hotline/v1/{where}"


def test_an_identity_is_named_once_and_each_has_its_block() -> None:
    text = access_list(("us", "ru", "tr"))
    named = re.findall(r"^user (.*)$", text, re.MULTILINE)
    assert named == identities(("us", "ru", "tr"))
    assert len(set(named)) == len(named)
    assert {"us-desk", "tr-desk", "control", "observer", "probe", "page"} < set(named)
    assert text.replace("ru", "xx") == access_list(("us", "xx", "tr")).replace("ru", "xx")


def test_the_access_list_of_the_compose_stack_is_the_one_that_is_made() -> None:
    assert (ROOT / "compose/acl").read_text() == access_list(PARTIES)


def test_nobody_may_publish_what_another_may_unless_it_is_open_to_people() -> None:
    text, writers = access_list(PARTIES), dict[str, set[str]]()
    for block in text.split("\n\n"):
        name = re.search(r"^user (.*)$", block, re.MULTILINE)
        for where in re.findall(r"^topic write (.*)$", block, re.MULTILINE):
            writers.setdefault(where, set()).add(name[1] if name else "")
    shared = {where for where, names in writers.items() if len(names) > 1}
    assert shared == set()
    assert all(role_of(name) in {Role.DESK, Role.CONTROL} for name in _writers_of("inject", writers))


def _writers_of(kind: str, writers: dict[str, set[str]]) -> set[str]:
    return {name for where, names in writers.items() if where.startswith(f"hotline/v1/{kind}/") for name in names}


AGREEMENT = """
name = "m"
parties = ["us", "{name}"]
altitude_blocks = [{{ name = "low", lower_ft = 0, upper_ft = 10000 }}]
tiers = [{{ tier = "duty-officer", rounds = 2 }}]
"""


@pytest.mark.parametrize("name", [*sorted(RESERVED), "us-desk", "tr-desk"])
def test_no_party_bears_the_name_of_a_service_a_role_or_a_desk(name: str) -> None:
    with pytest.raises(AgreementError, match=f"^parties: '{name}' "):
        read_agreement(AGREEMENT.format(name=name))
    assert read_agreement(AGREEMENT.format(name="tr")).parties == ("us", "tr")


def test_a_desk_of_no_party_orders_nobody() -> None:
    assert not may_order("us-desk", SubmitPlan, "ru")
    assert not may_order("-desk", SubmitPlan, "us")
    assert may_order("us-desk", SubmitPlan, "us")

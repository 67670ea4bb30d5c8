"""E-mail, the slow second channel: what the phone twice failed to carry gets there all the same, and once."""

from datetime import timedelta

from hotline_protocol.agreement import Partner
from hotline_protocol.events import ActivityStopped, EscalationKind, InputRejected
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, ReportSighting, SightingKind
from hotline_protocol.line import Advise, Mail, MailRead, Noted, Protest, Ring
from hotline_services.aoc.config import Officer, PartyConfig, Roster, Watch
from hotline_services.aoc.heeding import MOST_UNREAD

from .joined import DAWN, FAR_EAST, ON_THE_LINE, Joined, agreement, away, circuit_down, minutes, plan

READER = PartyConfig(officer=Officer(answer_s=0, think_s=0, relay_s=0, mail_s=1_200))
FOR_HOURS = circuit_down(0, 600)


def stop_us(world: Joined) -> None:
    advice = Advice(kind=AdviceKind.STOP_REQUEST, at=FAR_EAST, start=world.now, end=world.now + timedelta(hours=6))
    world.tell("ru", PassAdvice, peer="us", advice=advice)


def silent_line() -> Joined:
    """``us`` flies in the far east, and there is no tone."""
    world = Joined(READER, roster_us=FOR_HOURS, roster_ru=FOR_HOURS)
    world.file("us", plan("us-1", FAR_EAST, hours=0.5, lasts=8))
    return world


def test_what_two_calls_have_not_carried_is_written_once() -> None:
    world = silent_line()
    stop_us(world)
    world.run(minutes=1)
    assert world.all(Mail) == []
    world.run(minutes=10)
    (mail,) = world.all(Mail)
    world.run(minutes=60)
    assert world.all(Mail) == [mail]
    assert (mail.source, mail.to, mail.about) == ("ru", "us", "exercise-0-2")


def test_mail_is_read_when_somebody_gets_to_it_and_acted_on_as_if_it_had_been_said() -> None:
    world = silent_line()
    stop_us(world)
    world.run(minutes=60)
    (mail,), (read,), (stopped,) = world.all(Mail), world.all(MailRead), world.all(ActivityStopped)
    assert 600 <= (read.time - mail.time).total_seconds() <= 1_800
    assert (read.about, read.cause) == (mail.about, mail.id)
    assert (stopped.plan_ids, stopped.cause) == (("us-1",), mail.id)
    assert world.status("us-1").state in {PlanState.ENDED, PlanState.WITHDRAWN}


def test_once_mail_is_read_nobody_rings_about_it_any_more() -> None:
    world = silent_line()
    stop_us(world)
    world.run(minutes=60)
    assert world.centres["ru"].untold() == []
    world.run(minutes=600)
    assert world.all(Ring) == []


def test_what_is_said_and_also_read_has_one_effect() -> None:
    down = circuit_down(0, 5)
    world = Joined(READER, roster_us=down, roster_ru=down)
    world.file("us", plan("us-1", FAR_EAST, hours=0.5, lasts=8))
    stop_us(world)
    world.run(minutes=60)
    assert len(world.all(Mail)) == len(world.all(Advise)) == len(world.all(Noted)) == len(world.all(MailRead)) == 1
    assert len(world.all(ActivityStopped)) == 1


def test_mail_waits_for_an_officer_who_is_there() -> None:
    absent = Roster(watches=away(0, 120).watches, circuit_down=FOR_HOURS.circuit_down)
    world = Joined(READER, roster_us=absent, roster_ru=FOR_HOURS)
    stop_us(world)
    world.run(minutes=240)
    assert DAWN + minutes(130) <= world.all(MailRead)[0].time <= DAWN + minutes(150)


def test_mail_that_nobody_got_to_before_the_shift_ended_waits_for_the_next() -> None:
    leaving = Roster(watches=away(5, 120).watches, circuit_down=FOR_HOURS.circuit_down)
    world = Joined(READER, roster_us=leaving, roster_ru=FOR_HOURS)
    stop_us(world)
    world.run(minutes=240)
    assert world.all(Mail)[0].time < DAWN + minutes(5)
    assert world.all(MailRead)[0].time == DAWN + minutes(125)


def test_a_protest_that_cannot_be_said_is_written_and_counts_as_one() -> None:
    world = silent_line()
    world.tell("ru", ReportSighting, kind=SightingKind.CLOSE_APPROACH, by="us", at=ON_THE_LINE, seen_at=DAWN)
    world.run(minutes=60)
    (mail,) = world.all(Mail)
    assert (mail.protests, mail.advice.at) == (SightingKind.CLOSE_APPROACH, ON_THE_LINE)
    assert world.all(Protest) == []
    (protest,) = world.escalations(EscalationKind.PROTEST)
    assert (protest.source, protest.detail, protest.about) == ("us", "close-approach", mail.about)
    assert world.all(ActivityStopped) == []


def test_a_written_protest_names_the_partner_whose_flight_the_other_side_did_not_know_of() -> None:
    rules = agreement(partners=(Partner(name="raf", side="us"),))
    world = Joined(READER, rules=rules, roster_us=FOR_HOURS, roster_ru=FOR_HOURS)
    seen = {"kind": SightingKind.UNANNOUNCED_FLIGHT, "by": "us", "at": ON_THE_LINE, "seen_at": DAWN}
    world.tell("ru", ReportSighting, operator="raf", callsign="LYNX1", **seen)
    world.run(minutes=60)
    (mail,) = world.all(Mail)
    assert (mail.operator, mail.callsign) == ("raf", "LYNX1")
    (unknown,) = world.escalations(EscalationKind.PARTNER_UNKNOWN)
    assert (unknown.source, unknown.about) == ("us", mail.about)


def test_a_line_that_nobody_answers_is_written_past_too() -> None:
    absent = Roster(watches={tier: Watch(away=watch.away) for tier, watch in away(0, 60).watches.items()})
    world = Joined(READER, roster_us=absent)
    stop_us(world)
    world.run(minutes=59)
    assert len(world.all(Mail)) == 1
    assert world.all(MailRead) == []


def test_mail_beyond_what_anybody_would_read_is_refused() -> None:
    world = silent_line()
    stop_us(world)
    world.run(minutes=10)
    (mail,) = world.all(Mail)
    fields = {name: getattr(mail, name) for name in ("to", "source", "time", "about", "advice")}
    for number in range(MOST_UNREAD):
        world.deliver(Mail(id=f"flood-{number}", seq=0, **fields))
    assert [(event.problem.code, event.evidence) for event in world.all(InputRejected)] == [
        ("too-much-mail", f"flood-{MOST_UNREAD - 1}")
    ]

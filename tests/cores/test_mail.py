"""E-mail, the slow second channel: what the phone twice failed to carry gets there all the same, and once."""

from datetime import timedelta

from hotline_protocol.agreement import Partner
from hotline_protocol.events import ActivityStopped, CallEnded, EscalationKind, InputRejected
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, ReportSighting, SightingKind
from hotline_protocol.line import Advise, CallOutcome, HangUp, Mail, MailRead, Noted, Protest, Ring, Tier
from hotline_services.aoc.config import Officer, PartyConfig, Roster, Strain, StrainModel, Watch
from hotline_services.aoc.heeding import MOST_UNREAD
from hotline_services.aoc.telling import MOST_UNTOLD

from .joined import DAWN, FAR_EAST, ON_THE_LINE, Joined, agreement, away, circuit_down, minutes, plan

READER = PartyConfig(officer=Officer(answer_s=0, think_s=0, relay_s=0, mail_s=1_200))
TIERS = (Tier.DUTY_OFFICER, Tier.DEPUTY_COMMANDER)
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


# What no longer holds -----------------------------------------------------------------------------------------------


def warn_us(world: Joined, lasts_min: float, kind: AdviceKind = AdviceKind.WARNING) -> None:
    advice = Advice(kind=kind, at=FAR_EAST, start=world.now, end=world.now + minutes(lasts_min))
    world.tell("ru", PassAdvice, peer="us", advice=advice)


def refused(world: Joined) -> list[tuple[str, str]]:
    return [(event.problem.code, event.evidence) for event in world.all(InputRejected)]


def test_advice_that_has_come_to_its_end_is_neither_said_nor_kept_and_that_is_on_record() -> None:
    down = circuit_down(0, 300)
    world = Joined(READER, roster_us=down, roster_ru=down)
    world.lost = lambda message: isinstance(message, Mail)
    warn_us(world, 30)
    world.run(minutes=30)
    assert world.centres["ru"].untold() == []
    assert refused(world) == [("advice-over", "exercise-0-1")]
    assert world.all(InputRejected)[0].time == DAWN + minutes(30)
    world.run(minutes=300)
    assert [*world.all(Ring), *world.all(Advise)] == []


def test_advice_that_has_come_to_its_end_is_not_written_either() -> None:
    world = silent_line()
    warn_us(world, 1)  # and the second call is to be made after two
    world.run(minutes=60)
    assert world.all(Mail) == []
    assert [code for code, _ in refused(world)] == ["advice-over"]


def test_advice_that_is_over_when_it_is_to_be_passed_on_rings_nobody() -> None:
    world = Joined(READER)
    warn_us(world, -1)
    world.run(minutes=10)
    assert world.all(Ring) == []
    assert [code for code, _ in refused(world)] == ["advice-over"]


def test_advice_that_ends_while_it_is_being_told_is_told_to_the_end() -> None:
    world = Joined(PartyConfig(officer=Officer(answer_s=0, think_s=120)))
    warn_us(world, 0.5)
    world.run(minutes=10)
    assert len(world.all(Advise)) == len(world.all(Noted)) == 1
    assert refused(world) == []
    assert world.centres["ru"].untold() == []


def test_advice_that_ends_while_it_is_being_told_is_not_told_again_when_the_call_is_lost() -> None:
    world = Joined(PartyConfig(officer=Officer(answer_s=0, think_s=0)))
    world.lost = lambda message: isinstance(message, Noted | HangUp)
    warn_us(world, 0.5)
    world.run(minutes=60)
    assert len(world.all(Advise)) == len(world.all(Ring)) == 1
    assert [code for code, _ in refused(world)] == ["advice-over"]
    assert world.centres["ru"].untold() == []


def test_a_protest_never_comes_to_its_end() -> None:
    world = silent_line()
    world.lost = lambda message: isinstance(message, Mail)
    world.tell("ru", ReportSighting, kind=SightingKind.CLOSE_APPROACH, by="us", at=ON_THE_LINE, seen_at=DAWN)
    world.run(minutes=590)
    assert len(world.centres["ru"].untold()) == 1


# What is too much ---------------------------------------------------------------------------------------------------


def test_what_nobody_listens_to_is_kept_up_to_a_bound_the_oldest_of_the_least_urgent_going_first() -> None:
    world = silent_line()
    world.lost = lambda message: isinstance(message, Mail)
    warn_us(world, 500)
    warn_us(world, 500, AdviceKind.INQUIRY)
    warn_us(world, 500, AdviceKind.INQUIRY)
    for _ in range(MOST_UNTOLD):
        warn_us(world, 500)
    waiting = world.centres["ru"].untold()
    assert len(waiting) == MOST_UNTOLD
    given = [f"exercise-0-{number}" for number in range(2, MOST_UNTOLD + 5)]  # after the plan that silent_line files
    assert refused(world) == [
        ("too-much-untold", given[1]),
        ("too-much-untold", given[2]),
        ("too-much-untold", given[0]),
    ]
    assert waiting == given[3:]


# Which calls count --------------------------------------------------------------------------------------------------


def test_a_call_at_one_tier_does_not_count_against_what_is_told_at_another() -> None:
    """``ru`` rings as a strained side does: about incidents higher than about the rest."""
    strained = PartyConfig(
        officer=Officer(answer_s=0, think_s=0), strain=Strain(model=StrainModel.GOLDSTEIN, stages=(1, 2, 10_000))
    )
    absent = Roster(watches={tier: each for rest in TIERS for tier, each in away(0, 600, tier=rest).watches.items()})
    world = Joined(READER, strained, roster_us=absent, roster_ru=away(0, 120))
    world.tell("ru", ReportSighting, kind=SightingKind.AIRCRAFT_LOST, by="us", at=ON_THE_LINE, seen_at=DAWN)
    warn_us(world, 500, AdviceKind.INQUIRY)
    world.run(minutes=110)
    rung = {call.tier for call in world.all(CallEnded) if call.outcome is CallOutcome.NO_ANSWER}
    assert rung == {Tier.DEPUTY_COMMANDER}, "nobody of the other tier is there to ring"
    assert [mail.protests for mail in world.all(Mail)] == [SightingKind.AIRCRAFT_LOST]

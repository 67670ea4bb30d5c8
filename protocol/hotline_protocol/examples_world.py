"""Examples of what is said of the world about the line: advice, mail, line reviews, officers, strain and the sky."""

from collections.abc import Iterator

from . import events, injection, line, sky
from .airspace import Position
from .decay import Decay
from .examples_story import AGREEMENT, CALL, NEGOTIATION, PLAN, at
from .flightplan import FlightKind
from .message import Author, Message, digest_of

ADVICE = injection.Advice(
    kind=injection.AdviceKind.STOP_REQUEST,
    at=Position(40.05, 35.28),
    radius_nm=3.0,
    start=at(30),
    end=at(90),
    statement="Ours are on the ground there: stop.",
)
MISHEARD = Position(40.1, 35.3)
REVIEW = "review-us-1"
OFFERED = line.TraceOffer(
    base=digest_of("line"), control=(Position(39.4, 35.7), Position(39.8, 35.7)), offsets_nm=(-2.0, -4.0)
)
ANSWERED = line.TraceOffer(base=OFFERED.base, control=OFFERED.control, offsets_nm=(1.0, -1.0))
TANKER = sky.Flyer(side="us", operator="us", plan_id=PLAN.plan_id, callsign=PLAN.callsign)
STRAY = sky.Flyer(side="ru", operator="syaf", plan_id="sky-20260618-1", callsign="SAAF1", announced=False)


def world() -> Iterator[Message]:
    """One message of each type that has to do with more than the line itself."""
    us, ru = Author("us", "e1"), Author("ru", "e1")
    yield from _injected()
    yield from _advice(us, ru)
    yield from _review(us, ru)
    yield from _people(us, ru)
    yield from _flying()


def _injected() -> Iterator[Message]:
    say = Author("director", "e2").say
    yield say(injection.PassAdvice, at(30), to="ru", peer="us", advice=ADVICE)
    yield say(injection.FlyUnannounced, at(40), to="sky", plan=PLAN, side="ru")
    yield say(
        injection.Deviate,
        at(50),
        to="sky",
        side="us",
        plan_id=PLAN.plan_id,
        kind=injection.DeviationKind.LATE,
        minutes=12.0,
    )


def _advice(us: Author, ru: Author) -> Iterator[Message]:
    call = {"call_id": "ru-us-4"}
    advised = ru.say(line.Advise, at(58), to="us", **call, advice=ADVICE)
    yield advised
    read_back = us.say(line.ReadBack, at(59), cause=advised.id, to="ru", **call, at=MISHEARD)
    yield read_back
    yield ru.say(line.Affirm, at(60), cause=read_back.id, to="us", **call, at=ADVICE.at)
    mail = ru.say(line.Mail, at(45), to="us", about="director-e2-1", advice=ADVICE)
    yield mail
    yield us.say(line.MailRead, at(75), cause=mail.id, to="ru", about="director-e2-1")


def _review(us: Author, ru: Author) -> Iterator[Message]:
    both = {"call_id": CALL, "review_id": REVIEW}
    first, second = (line.trace_digest(REVIEW, CALL, trace) for trace in (OFFERED, ANSWERED))
    asked = us.say(line.ProposeTrace, at(2), to="ru", **both, trace=OFFERED, offer=first, round=1, expires_at=at(4))
    yield asked
    countered = ru.say(
        line.CounterTrace,
        at(3),
        cause=asked.id,
        to="us",
        **both,
        answers=first,
        trace=ANSWERED,
        offer=second,
        round=2,
        expires_at=at(5),
    )
    yield countered
    yield us.say(line.ConcurTrace, at(4), cause=countered.id, to="ru", **both, offer=second)
    yield ru.say(line.DeclineTrace, at(3), cause=asked.id, to="us", **both, answers=first, reason="as far as we go")
    trace = (Position(39.41, 35.72), Position(39.79, 35.69))
    yield us.say(line.Amend, at(5), to="ru", review_id=REVIEW, offer=second, trace=trace, effective_at=at(35))
    yield us.say(events.LineMoved, at(35), review_id=REVIEW, agreement=AGREEMENT, trace=trace)
    yield us.say(
        events.ReviewEnded, at(5), review_id=REVIEW, peer="ru", agreed=True, rounds=2, offsets_nm=ANSWERED.offsets_nm
    )


def _people(us: Author, ru: Author) -> Iterator[Message]:
    yield us.say(events.PresenceChanged, at(27), tier=line.Tier.DUTY_OFFICER, present=False, reason="relief is late")
    yield us.say(events.Misheard, at(59), call_id="ru-us-4", peer="ru", error_nm=2.7, caught=True)
    yield us.say(events.ActivityStopped, at(64), peer="ru", understood_at=at(60), plan_ids=(PLAN.plan_id,))
    yield ru.say(
        events.StrainChanged,
        at(95),
        cause=NEGOTIATION,
        peer="us",
        model="goldstein",
        before=7.52,
        after=12.52,
        stage=events.Stage.TENSE,
        because="a line crossing was seen",
        arithmetic="8.2 x 0.5^(3 h / 24 h) + 1 x 5 = 12.52",
        decay=Decay(stages=(10.0, 25.0, 50.0), half_life_h=24.0),
    )


def _flying() -> Iterator[Message]:
    say = Author("sky", "e1").say
    where = Position(38.9, 35.75)
    path = (sky.Fix(0.0, 38.9, 35.9, 20_000.0), sky.Fix(600.0, 39.9, 35.5, 20_000.0))
    yield say(sky.FlightBegan, at(60), flyer=TANKER, kind=FlightKind.TANKER, path=path)
    yield say(sky.PathChanged, at(70), flyer=TANKER, path=path[1:])
    yield say(
        sky.ConformanceChanged,
        at(80),
        flyer=TANKER,
        conforming=False,
        at=where,
        altitude_ft=25_000,
        detail="2.1 NM outside",
    )
    yield say(sky.LineCrossed, at(94), flyer=TANKER, at=where, altitude_ft=25_000, outbound=True, conforming=False)
    yield say(sky.ZoneEntered, at(96), flyer=TANKER, zone="Valley", at=where, altitude_ft=25_000, conforming=True)
    yield say(
        sky.Encountered,
        at(100),
        one=TANKER,
        other=STRAY,
        grade=sky.Grade.AIRPROX_B,
        began_at=at(99.7),
        ended_at=at(100.2),
        horizontal_nm=0.4,
        vertical_ft=450,
        at=where,
        altitude_ft=25_100,
    )
    yield say(
        sky.FlightFlown,
        at(180),
        flyer=TANKER,
        began_at=at(60),
        ended_at=at(180),
        conforming_share=0.97,
        longest_excursion_s=216.0,
        deviation="off-route",
    )
    state = (25_000.0, 420.0, 117.0, 0.0, True)
    track = sky.Track("us", "us", PLAN.plan_id, PLAN.callsign, FlightKind.TANKER, 38.9, 35.75, *state)
    yield sky.Tracks(id="tracks-1", source="sky", seq=0, time=at(100), tracks=(track,))

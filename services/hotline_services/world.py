"""The one place where cores are wired: for a simulation, and for each service of a live run."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final

from hotline_protocol.core import Core
from hotline_protocol.hearing import ear
from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_protocol.service import Clock, Resend
from hotline_protocol.topics import EVENT, EVERYTHING, HEALTH, INJECT, LINE, ORDER, STATUS

from .aoc.centre import Centre
from .aoc.officer import OwnOfficer
from .director import setting
from .director.play import Director, expand, troubles
from .director.rostering import roster
from .director.script import Scenario
from .monitor.core import MonitorCore, Progress
from .runtime.hearing import Hear
from .runtime.service import Service
from .simulation.chance import Chance
from .simulation.collecting import collecting_seldom
from .simulation.network import Faults, NetworkModel
from .simulation.shell import Simulation
from .traffic.sky import Sky

MONITOR: Final = "monitor"


def centre(
    scenario: Scenario,
    party: str,
    seed: int,
    epoch: str = "0",
    days: int | None = None,
    officer: OwnOfficer | None = None,
) -> Centre:
    """The air operations centre of this party, in a run of this many days, with an ``officer`` of one's own at its desk
    or else the automatic one. Raises KeyError when the scenario has no such party."""
    return Centre(
        party,
        scenario.parties[party],
        scenario.agreement,
        epoch=epoch,
        chance=Chance(seed),
        roster=roster(scenario, party, days),
        officer=officer,
    )


def sky(scenario: Scenario, seed: int, epoch: str = "0", tracks_every: timedelta | None = None) -> Sky:
    """What flies over this scenario; with ``tracks_every`` it says so often where everything is."""
    return Sky(
        scenario.agreement,
        scenario.sky or setting.Sky(),
        scenario.start.astimezone(UTC),
        Chance(seed),
        epoch=epoch,
        tracks_every=tracks_every,
    )


def build(
    scenario: Scenario,
    seed: int,
    days: int | None = None,
    network: NetworkModel | None = None,
    faults: Faults | None = None,
    officers: Mapping[str, OwnOfficer] = MappingProxyType({}),
) -> Simulation:
    """A simulated world: a centre for each party, the director that plays the scenario to them, and the sky, if any.

    ``officers`` sit at the desks of the parties that are named.
    """
    torn, scripted = troubles(scenario, network or NetworkModel())
    simulation = Simulation(scenario.start.astimezone(UTC), seed, torn, faults or scripted)
    with collecting_seldom():
        acts = expand(scenario, seed, days)
    for party in scenario.agreement.parties:
        simulation.add(
            party, partial(centre, scenario, party, seed, days=days, officer=officers.get(party)), hears=[HEALTH]
        )
    simulation.add(DIRECTOR, partial(Director, acts))
    if scenario.sky is not None:
        moves = [EVENT] if scenario.agreement.line_review else []
        simulation.add(SKY, partial(sky, scenario, seed), hears=[STATUS, ORDER, *moves])
    return simulation


def centre_service(scenario: Scenario, party: str, seed: int) -> Service:
    """A centre as a live service."""

    def core(epoch: str) -> Core:
        return centre(scenario, party, seed, epoch)

    peers = [name for name in scenario.agreement.parties if name != party]
    return Service(
        name=party,
        core=core,
        subscriptions=[
            ORDER.filter(to=party),
            INJECT.filter(to=party),
            LINE.filter(to=party),
            *(HEALTH.filter(source=peer) for peer in peers),
        ],
        hear=_ear(scenario),
        shortest_deadline_s=scenario.agreement.shortest_deadline_s,
    )


def sky_service(scenario: Scenario, seed: int, speed: float) -> Service:
    """The sky as a live service: it says where everything is once in a real second.

    Where the scenario has no sky it hears nothing, says nothing, and is well.
    """

    def core(epoch: str) -> Core:
        return sky(scenario, seed, epoch, tracks_every=timedelta(seconds=speed))

    moves = [EVENT.filter()] if scenario.agreement.line_review else []
    heard = [ORDER.filter(), INJECT.filter(), STATUS.filter(), *moves] if scenario.sky else []
    return Service(name=SKY, core=core, subscriptions=heard, hear=_ear(scenario))


def director_service(
    scenario: Scenario,
    seed: int,
    days: int | None,
    *,
    speed: float,
    real_start: datetime,
    start: datetime | None = None,
) -> Service:
    """The director as a live service; it sets the clock that all others follow.

    With a later ``start`` than the scenario's own, time begins there, and what was to happen before happens at once.
    """
    acts = expand(scenario, seed, days)

    def core(epoch: str) -> Core:
        return Director(acts, epoch)

    start = (start or scenario.start).astimezone(UTC)
    clock = Clock(
        id=f"clock-{real_start.timestamp():.6f}",
        source=DIRECTOR,
        seq=0,
        time=start,
        simulated_start=start,
        real_start=real_start,
        speed=speed,
    )
    return Service(
        name=DIRECTOR,
        core=core,
        subscriptions=[],
        hear=_ear(scenario),
        sets_clock=clock,
        awaits=frozenset(scenario.agreement.parties),
        shortest_deadline_s=scenario.agreement.shortest_deadline_s,
    )


def fresh_core(scenario: Scenario, name: str, epoch: str, seed: int, days: int | None, speed: float) -> Core:
    """The core that this live service begins with: the director's, the sky's or a centre's. Raises KeyError."""
    if name == DIRECTOR:
        real_start = scenario.start  # of its clock, which the core does not know
        return director_service(scenario, seed, days, speed=speed, real_start=real_start).core(epoch)
    if name == SKY:
        return sky_service(scenario, seed, speed).core(epoch)
    return centre_service(scenario, name, seed).core(epoch)


def monitor_service(
    progress: Callable[[], Progress], hand_on: Callable[[Message], None], parties: Collection[str] = ()
) -> Service:
    """The monitor as a live service, going on from the ``progress`` that its record holds.

    ``hand_on`` is given each message once, those of one source in order unless one is late. ``parties`` are those of
    the agreement.
    """
    return Service(
        name=MONITOR,
        core=lambda _epoch: MonitorCore(MONITOR, progress(), hand_on=hand_on),
        subscriptions=[EVERYTHING],
        hear=partial(_hear_but_echoes, parties=frozenset(parties)),
        waits_for_store=True,
    )


def _hear_but_echoes(topic: str, payload: bytes, now: datetime, parties: Collection[str]) -> list[Message]:
    heard = ear(topic, payload, now, parties)
    return [message for message in heard if not (isinstance(message, Resend) and message.is_echo)]


def _ear(scenario: Scenario) -> Hear:
    """The ear of whoever knows the parties of this scenario's agreement."""
    return partial(ear, parties=frozenset(scenario.agreement.parties))

"""The rules of a world: the moves that are possible in a state, and the result of each move."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.line import ToPeer
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    AnswersOffer,
    AtDesk,
    CounterOffer,
    DeclineOffer,
    EndCall,
    LeaveDesk,
    LetRing,
    RaiseTier,
    TakeDesk,
)
from hotline_protocol.service import EpochBegun, Health, Presence

from .cells import Cell, Cells, Packet
from .facts import Facts, Ledger
from .invariants import Centres
from .judging import Judge
from .state import Left, Move, State, Ways
from .world import OUTSIDE, TimedAct, World


class Step(msgspec.Struct, frozen=True):
    """The result of a move: the next state, the messages, and the invariants that it breaks."""

    state: State
    said: tuple[Packet, ...]
    faults: tuple[str, ...]


class Rules:
    """The rules of one world."""

    def __init__(self, world: World) -> None:
        self.world: Final = world
        self.ways: Final = Ways(world.parties)
        self.cells: Final = Cells(world.parties)
        self._ledger = Ledger(world.written.desk)
        self._desk = self.ways.number_of.get(world.written.desk or "")
        self._judge = Judge(world)
        sittings = (message.sitting for _, _, message in world.acts if isinstance(message, TakeDesk))
        self._sitting = next(sittings, "")
        self._at_risk = frozenset(world.written.at_risk)
        self._kinds: Final[dict[str, Callable[[State, Move], Step]]] = {
            "deliver": self._deliver,
            "lose": self._lose,
            "double": self._double,
            "reorder": self._reorder,
            "wake": self._wake,
            "pass": self._pass,
            "overtake": self._overtake,
            "crash": self._crash,
            "forget": self._forget,
            "order": self._order,
            "come": self._come,
        }

    # The first state -------------------------------------------------------------------------------------

    def first(self) -> Step:
        """All centres are up, have met, and have nothing to do. What comes from outside at the start is on its way."""
        world, ways = self.world, self.ways
        cells = tuple(self.cells.lapse(self.cells.cell(world.centre(party)), world.start)[0] for party in world.parties)
        state = State(
            now=world.start,
            cells=cells,
            ways=((),) * ways.total,
            act=0,
            free=0,
            left=Left(*msgspec.structs.astuple(world.bounds)),
            lives=(0,) * ways.count,
            epochs=(0,) * ways.count,
            facts=Facts(),
        )
        for number in range(ways.count):
            state = self._spread(state, number, [self.health(state, number, Presence.UP)])
        state, said = self.settled(state)
        return Step(self._arrive(state), tuple(said), ())

    def settled(self, state: State) -> tuple[State, list[Packet]]:
        """The state after everything on its way has been heard, one way after the other."""
        said: list[Packet] = []
        while (way := next((way for way in range(self.ways.total) if state.ways[way]), None)) is not None:
            step = self.take(state, Move("deliver", way))
            state = step.state
            said.extend(step.said)
        return state, said

    # What can happen -------------------------------------------------------------------------------------

    def moves(self, state: State) -> list[Move]:
        """All that can happen, in a fixed order."""
        moves = [move for number in range(self.ways.count) for move in self.of_party(state, number)]
        if self.is_quiet(state):
            moves += [Move("pass")] if self._next_time(state) is not None else []
        elif state.left.overtakes and self._can_overtake(state):
            moves.append(Move("overtake"))
        return moves

    def of_party(self, state: State, number: int) -> Iterator[Move]:
        """What this party can do or suffer in this instant."""
        for way in self.ways.into(number):
            if state.ways[way]:
                yield from self._on_way(state, way)
        if self.is_due(state, number):
            yield Move("wake", number)
        if state.left.crashes:
            yield Move("crash", number)
        if (act := self.free_act(state)) is not None and self.ways.number_of[act[1]] == number:
            yield Move("come", number)
        if number == self._desk and state.left.orders:
            yield from (Move("order", number, which) for which in range(len(self.orders(state))))

    def _on_way(self, state: State, way: int) -> Iterator[Move]:
        left, packets = state.left, state.ways[way]
        yield Move("deliver", way)
        if left.lost_tails:
            yield Move("forget", way)
        if not self.ways.is_between(way) or isinstance(packets[0].message, Health):
            return
        if self._is_at_risk(packets[0]):
            if left.losses:
                yield Move("lose", way)
            if left.duplicates:
                yield Move("double", way)
        if left.reorders and len(packets) > 1 and self._is_at_risk(packets[1]):
            yield Move("reorder", way)

    def free_act(self, state: State) -> TimedAct | None:
        """The act from outside that may come now."""
        free = self.world.free
        return free[state.free] if state.free < len(free) and free[state.free][0] <= state.now else None

    def _is_at_risk(self, packet: Packet) -> bool:
        if not isinstance(packet.message, ToPeer):
            return False
        return not self._at_risk or str(type(packet.message).__struct_config__.tag) in self._at_risk

    def is_due(self, state: State, number: int) -> bool:
        """Whether this party's core is to be woken now."""
        deadline = state.cells[number].deadline
        return deadline is not None and deadline <= state.now

    def is_quiet(self, state: State) -> bool:
        """Whether nothing is on its way, and no core is to be woken: only then does time pass."""
        return not any(state.ways) and not any(self.is_due(state, number) for number in range(self.ways.count))

    def _can_overtake(self, state: State) -> bool:
        """Whether time may pass although something is on its way between parties."""
        waits = [way[0] for number, way in enumerate(state.ways) if way and self.ways.is_between(number)]
        due = any(self.is_due(state, number) for number in range(self.ways.count))
        return not due and any(map(self._is_at_risk, waits)) and self._next_time(state) is not None

    def _next_time(self, state: State) -> datetime | None:
        times = [cell.deadline for cell in state.cells if cell.deadline is not None and cell.deadline > state.now]
        if state.act < len(self.world.acts):
            times.append(self.world.acts[state.act][0])
        if state.free < len(self.world.free) and self.world.free[state.free][0] > state.now:
            times.append(self.world.free[state.free][0])
        at = min(times, default=None)
        return at if at is not None and at <= self.world.end else None

    # What comes of it ------------------------------------------------------------------------------------

    def take(self, state: State, move: Move) -> Step:
        """Apply ``move``, one of :meth:`moves`, and return the result."""
        return self._kinds[move.kind](state, move)

    def _lose(self, state: State, move: Move) -> Step:
        return Step(_replace(_one_less(state, "losses"), ways=_without(state, move.where, 0)), (), ())

    def _deliver(self, state: State, move: Move) -> Step:
        packet = state.ways[move.where][0]
        return self._hear(_replace(state, ways=_without(state, move.where, 0)), self.ways.end(move.where), packet)

    def _double(self, state: State, move: Move) -> Step:
        return self._hear(_one_less(state, "duplicates"), self.ways.end(move.where), state.ways[move.where][0])

    def _reorder(self, state: State, move: Move) -> Step:
        packet = state.ways[move.where][1]
        state = _replace(_one_less(state, "reorders"), ways=_without(state, move.where, 1))
        return self._hear(state, self.ways.end(move.where), packet)

    def _hear(self, state: State, number: int, packet: Packet) -> Step:
        heard = self._ledger.heard(state.facts, packet.message, self.ways.parties[number])
        cell, said = self.cells.receive(state.cells[number], packet, state.now)
        return self._turned(_replace(state, facts=heard), number, cell, said)

    def _wake(self, state: State, move: Move) -> Step:
        number = move.where
        cell, said = self.cells.lapse(state.cells[number], state.now)
        step = self._turned(state, number, cell, said)
        if cell.deadline is not None and cell.deadline <= state.now:
            fault = f"3: {self.ways.parties[number]} wants to be woken again at once, at {state.now:%H:%M:%S}"
            return msgspec.structs.replace(step, faults=(*step.faults, fault))
        return step

    def _turned(self, state: State, number: int, cell: Cell, said: tuple[Packet, ...]) -> Step:
        cells = (*state.cells[:number], cell, *state.cells[number + 1 :])
        messages = [packet.message for packet in said]
        facts, faults = self._ledger.said(state.facts, messages) if said else (state.facts, [])
        state = self._spread(_replace(state, cells=cells, facts=facts), number, said)
        centres = self.centres(state)
        if said:
            facts, unexplained = self._judge.flights(facts, messages, centres)
            faults += unexplained
            state = _replace(state, facts=facts)
        faults += self._judge.state(state.cells, centres)
        return Step(state, said, tuple(faults))

    def centres(self, state: State) -> Centres:
        """The cores of this state by party."""
        return {party: cell.core for party, cell in zip(self.ways.parties, state.cells, strict=True)}

    def _spread(self, state: State, source: int, said: Iterable[Packet]) -> State:
        """Put what is said on its ways: to whom it is addressed, and health to all peers."""
        ways: list[Any] | None = None
        for packet in said:
            message = packet.message
            if isinstance(message, ToPeer):
                targets = [self.ways.number_of[message.to]] if message.to in self.ways.number_of else []
            elif isinstance(message, Health):
                targets = [number for number in range(self.ways.count) if number != source]
            else:
                continue
            ways = ways if ways is not None else list(state.ways)
            for to in targets:
                way = self.ways.between(source, to)
                ways[way] = (*ways[way], packet)
        return state if ways is None else _replace(state, ways=tuple(ways))

    def _pass(self, state: State, _move: Move) -> Step:
        at = self._next_time(state)
        if at is None:
            raise ValueError("nothing more happens")
        return Step(self._arrive(_replace(state, now=at)), (), ())

    def _overtake(self, state: State, move: Move) -> Step:
        return self._pass(_one_less(state, "overtakes"), move)

    def _arrive(self, state: State) -> State:
        """Put on their way the acts whose time has come."""
        ways, act = list(state.ways), state.act
        while act < len(self.world.acts) and self.world.acts[act][0] <= state.now:
            _, to, message = self.world.acts[act]
            way = self.ways.from_outside(self.ways.number_of[to])
            ways[way] = (*ways[way], self.cells.packet(message))
            act += 1
        return _replace(state, ways=tuple(ways), act=act)

    def _come(self, state: State, move: Move) -> Step:
        """Hear an act that comes at any time."""
        packet = self.cells.packet(self.world.free[state.free][2])
        return self._hear(_replace(state, free=state.free + 1), move.where, packet)

    # Deaths ----------------------------------------------------------------------------------------------

    def _crash(self, state: State, move: Move) -> Step:
        return Step(self._die(_one_less(state, "crashes"), move.where), (), ())

    def _die(self, state: State, number: int) -> State:
        """Die and come back: the journal is replayed, so that the core is what it was. Peers notice both."""
        state = self._spread(state, number, [self.health(state, number, Presence.DOWN)])
        lives = (*state.lives[:number], state.lives[number] + 1, *state.lives[number + 1 :])
        state = _replace(state, lives=lives)
        return self._spread(state, number, [self.health(state, number, Presence.UP)])

    def _forget(self, state: State, move: Move) -> Step:
        """Hear a message, say what comes of it, die, and come back without it, in another epoch. It is sent again."""
        number, packet = self.ways.end(move.where), state.ways[move.where][0]
        _, said = self.cells.receive(state.cells[number], packet, state.now)
        state = self._spread(state, number, said)
        state = self._die(_one_less(state, "lost_tails"), number)
        epochs = (*state.epochs[:number], state.epochs[number] + 1, *state.epochs[number + 1 :])
        state = _replace(state, epochs=epochs)
        step = self._hear(state, number, self.cells.packet(self._epoch_begun(state, number)))
        return msgspec.structs.replace(step, said=(*said, *step.said))

    def health(self, state: State, number: int, presence: Presence = Presence.UP) -> Packet:
        """What is heard of this party's birth, or of its end."""
        party, life = self.ways.parties[number], state.lives[number]
        return self.cells.packet(
            Health(
                id=f"{party}-health-{2 * life + (presence is Presence.DOWN)}",
                source=party,
                seq=0,
                time=state.now,
                presence=presence,
                session=f"{party}-{life}",
                restarts=life,
            )
        )

    def _epoch_begun(self, state: State, number: int) -> EpochBegun:
        party, epoch = self.ways.parties[number], state.epochs[number]
        return EpochBegun(
            id=f"{party}-epoch-{epoch}",
            source=party,
            seq=0,
            time=state.now,
            begun=f"e{epoch}",
            reason="the end of the journal was lost",
        )

    # A person at one desk --------------------------------------------------------------------------------

    def orders(self, state: State) -> list[AtDesk]:
        """What the person may order now."""
        facts = state.facts
        orders: list[tuple[type[AtDesk], dict[str, Any]]] = []
        for call_id in facts.ringing:
            orders += [(AnswerRing, {"call_id": call_id}), (LetRing, {"call_id": call_id})]
        orders += [(EndCall, {"call_id": call_id}) for call_id in facts.talking]
        for decision in facts.decisions:
            offer = {"negotiation_id": decision.negotiation_id, "offer": decision.offer}
            orders += [(AcceptOffer, offer), (DeclineOffer, offer)]
            if decision.choice is not None:
                orders.append((CounterOffer, {**offer, "choice": decision.choice}))
            if decision.asks_at is not None:
                rise = {"negotiation_id": decision.negotiation_id, "tier": decision.asks_at}
                orders.append((RaiseTier, rise))
        if facts.decisions or facts.ringing or facts.talking:
            orders.append((LeaveDesk, {}))
        number = self.world.bounds.orders - state.left.orders + 1
        envelope: dict[str, Any] = {
            "id": f"{OUTSIDE}-order-{number}",
            "source": OUTSIDE,
            "seq": 0,
            "time": state.now,
            "to": self.world.written.desk,
            "sitting": self._sitting,
        }
        return [kind(**envelope, **fields) for kind, fields in orders]

    def _order(self, state: State, move: Move) -> Step:
        order = self.orders(state)[move.which]
        facts = state.facts
        if isinstance(order, AnswersOffer):
            others = (each for each in facts.decisions if each.offer != order.offer)
            facts = msgspec.structs.replace(facts, decisions=tuple(others))
        elif isinstance(order, AnswerRing | LetRing):
            facts = msgspec.structs.replace(facts, ringing=tuple(n for n in facts.ringing if n != order.call_id))
        state = _replace(_one_less(state, "orders"), facts=facts)
        return self._hear(state, move.where, self.cells.packet(order))

    # The end ---------------------------------------------------------------------------------------------

    def at_the_end(self, state: State) -> list[str]:
        """What must never be where nothing more happens: before, and after all have compared their ledgers."""
        faults = self._judge.unfinished(state.facts, self.centres(state))
        for number in range(self.ways.count):
            state = self._die(state, number)
        state, _ = self.settled(state)
        return [*faults, *self._judge.reconciled(state.facts, self.centres(state))]


def _replace(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, **changes)


def _one_less(state: State, bound: str) -> State:
    left = msgspec.structs.replace(state.left, **{bound: getattr(state.left, bound) - 1})
    return _replace(state, left=left)


def _without(state: State, way: int, place: int) -> tuple[tuple[Packet, ...], ...]:
    packets = state.ways[way]
    rest = (*packets[:place], *packets[place + 1 :])
    return (*state.ways[:way], rest, *state.ways[way + 1 :])

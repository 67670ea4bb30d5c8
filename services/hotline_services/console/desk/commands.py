"""What the person at the desk types: each line is an order to be sent, or a question that the view answers."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.gars import GarsError, gars_bounds
from hotline_protocol.injection import Advice, AdviceKind, CancelPlan, ChangePlan, PassAdvice, SightingKind
from hotline_protocol.menu import Choice, Menu
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    CounterOffer,
    DecisionAwaited,
    DeclineOffer,
    EndCall,
    LetRing,
    LodgeProtest,
    RaiseTier,
    RingNow,
)
from hotline_services.monitor.wording import clock_time, printable

from .amend_command import HOW, AmendError, changes
from .desk_view import DeskView
from .sentences import hint, menu_lines, plan_lines, sky_lines, status_lines
from .sitting import Draft

ASKED_FOR: Final = timedelta(hours=1)
"""How long an inquiry that is not yet passed on is worth passing on."""
HELP: Final = (
    ("answer", "pick up the phone that rings"),
    ("ignore", "let it ring"),
    ("accept", "concur with their offer"),
    ("counter sector 2 block 3 shift +15", "offer that of the menu instead; what is not named stays as they offer it"),
    ("decline [reason]", "decline their offer"),
    ("menu", "what could be offered, with what is free for you"),
    ("raise [negotiation]", "have what you ask for talked over one tier higher"),
    ("ring [party]", "ring now about what waits to be talked over"),
    ("ask PLACE text", "inquire about something, in a call or by ringing; PLACE is LON,LAT or a GARS name"),
    ("protest KIND PLACE [text]", f"KIND is one of {', '.join(kind.value for kind in SightingKind)}"),
    ("hangup", "end the call, or stop ringing"),
    ("status", "what is on the desk"),
    ("plans", "your own plans"),
    ("sky", "what flies, and where"),
    ("cancel PLAN", "withdraw a plan of yours"),
    ("amend PLAN later 30", "change a plan: later, earlier, longer, shorter MIN; heights FEET FEET; priority WORD"),
    ("log [lines]", "the last lines of the duty log"),
    ("look", "have the centre tell again what is on the desk"),
    ("hint", "what the automatic officer would answer"),
    ("wait ring|offer|free|SECONDS", "for scripts, with --plain: go on then, or after so many real seconds"),
    ("help", "this"),
    ("quit", "leave the desk, and this program"),
)
SYNONYMS: Final = {
    "concur": "accept", "pickup": "answer", "hang": "hangup", "q": "quit", "exit": "quit", "?": "help", "leave": "quit",
    "a": "answer", "c": "counter", "d": "decline", "s": "status", "m": "menu",
}  # fmt: skip
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_POSITION: Final = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")


class CommandError(ValueError):
    """This cannot be ordered; the message is a sentence for the person at the desk."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from a line: words for the person, orders to be sent, and whether to look again or leave."""

    lines: tuple[str, ...] = ()
    send: tuple[Draft, ...] = ()
    look: bool = False
    leave: bool = False


class Commands:
    """Understands lines in the light of what is on the desk."""

    def __init__(self, view: DeskView, peers: tuple[str, ...] = ()) -> None:
        self._view = view
        self.peers = peers
        self._verbs: Final[dict[str, Callable[[list[str], datetime], Reply]]] = {
            "answer": self._answer,
            "ignore": self._ignore,
            "accept": self._accept,
            "counter": self._counter,
            "decline": self._decline,
            "menu": self._menu,
            "raise": self._raise,
            "ring": self._ring,
            "ask": self._ask,
            "protest": self._protest,
            "hangup": self._hang_up,
            "status": self._status,
            "plans": self._plans,
            "sky": self._sky,
            "cancel": self._cancel,
            "amend": self._amend,
            "log": self._log,
            "look": lambda _words, _now: Reply(look=True),
            "hint": self._hint,
            "help": lambda _words, _now: Reply(lines=tuple(f"{verb:36} {what}" for verb, what in HELP)),
            "wait": self._wait,
            "quit": lambda _words, _now: Reply(leave=True),
        }

    def obey(self, line: str, now: datetime) -> Reply:
        """What this line orders or asks at this time. Raises CommandError."""
        words_said = line.split()
        if not words_said:
            return Reply()
        verb = SYNONYMS.get(words_said[0].lower(), words_said[0].lower())
        if verb not in self._verbs:
            raise CommandError(f"There is no command {printable(verb[:40])!r}: help lists them.")
        reply = self._verbs[verb](words_said[1:], now)
        if self._view.cut_since is not None and (reply.send or reply.look):
            since = clock_time(self._view.cut_since, seconds=True)
            raise CommandError(f"Not ordered: the line to the broker is lost since {since}. Order it when it is back.")
        return reply

    # Calls -----------------------------------------------------------------------------------------------

    def _answer(self, _words: list[str], _now: datetime) -> Reply:
        return _order(AnswerRing, call_id=self._ringing())

    def _ignore(self, _words: list[str], _now: datetime) -> Reply:
        return _order(LetRing, call_id=self._ringing())

    def _ringing(self) -> str:
        if not self._view.rings or self._view.call is None:
            raise CommandError("Nothing rings.")
        return self._view.call.call_id

    def _hang_up(self, _words: list[str], _now: datetime) -> Reply:
        if self._view.call is None:
            raise CommandError("There is no call.")
        return _order(EndCall, call_id=self._view.call.call_id)

    def _ring(self, said: list[str], _now: datetime) -> Reply:
        return _order(RingNow, peer=self._peer(said))

    def _peer(self, said: list[str]) -> str:
        """The party that is named, or the only one there is."""
        if said and said[0].lower() in self.peers:
            return said[0].lower()
        if said:
            there = ", ".join(self.peers) or "none is known"
            raise CommandError(f"{printable(said[0][:40])!r} is no party here; there are: {there}.")
        if self._view.call is not None:
            return self._view.call.peer
        if len(self.peers) != 1:
            raise CommandError(f"Which party: {', '.join(self.peers) or 'none is known'}?")
        return self.peers[0]

    # Offers ----------------------------------------------------------------------------------------------

    def decision(self) -> DecisionAwaited:
        """What is to be decided first. Raises CommandError."""
        asked = self._view.decision()
        if asked is None:
            raise CommandError("No offer awaits your answer.")
        return asked

    def _accept(self, _words: list[str], _now: datetime) -> Reply:
        return _order(AcceptOffer, **_offer(self.decision()))

    def _decline(self, said: list[str], _now: datetime) -> Reply:
        return _order(DeclineOffer, **_offer(self.decision()), reason=" ".join(said)[:200])

    def _counter(self, said: list[str], _now: datetime) -> Reply:
        asked = self.decision()
        return _order(CounterOffer, **_offer(asked), choice=chosen(asked, said))

    def _menu(self, _words: list[str], _now: datetime) -> Reply:
        return Reply(lines=tuple(menu_lines(self.decision())))

    def _hint(self, _words: list[str], _now: datetime) -> Reply:
        return Reply(lines=(f"The automatic officer would {hint(self.decision())}.",))

    def _raise(self, said: list[str], _now: datetime) -> Reply:
        asked = self._view.decision()
        if asked is not None and asked.plan_id is not None and not said:
            return _order(RaiseTier, negotiation_id=asked.negotiation_id, tier=asked.tier)
        waiting = [item for item in self._view.waiting if not said or item.ref == said[0]]
        if not waiting:
            raise CommandError("You ask for nothing here that could go up a tier; look tells what waits.")
        return _order(RaiseTier, negotiation_id=waiting[0].ref, tier=waiting[0].tier)

    # What is told ----------------------------------------------------------------------------------------

    def _ask(self, said: list[str], now: datetime) -> Reply:
        if len(said) < 2:
            raise CommandError("Ask about which place, and what: ask 40.14,35.34 what flies there?")
        statement = " ".join(said[1:])[:500]
        inquiry = Advice(
            kind=AdviceKind.INQUIRY, at=position(said[0]), start=now, end=now + ASKED_FOR, statement=statement
        )
        peer = self._peer([])
        return _to_be_told(peer, _order(PassAdvice, peer=peer, advice=inquiry))

    def _protest(self, said: list[str], now: datetime) -> Reply:
        kinds = {kind.value: kind for kind in SightingKind}
        if len(said) < 2 or said[0].lower() not in kinds:
            raise CommandError(f"Protest against what, and where: protest KIND PLACE text; KIND is {', '.join(kinds)}.")
        seen = {"kind": kinds[said[0].lower()], "at": position(said[1]), "seen_at": now}
        peer = self._peer([])
        return _to_be_told(peer, _order(LodgeProtest, peer=peer, **seen, statement=" ".join(said[2:])[:500]))

    # Own affairs -----------------------------------------------------------------------------------------

    def _cancel(self, said: list[str], _now: datetime) -> Reply:
        if len(said) != 1 or said[0] not in self._view.plans:
            raise CommandError("Cancel which plan? plans lists them.")
        return _order(CancelPlan, plan_id=said[0])

    def _amend(self, said: list[str], _now: datetime) -> Reply:
        if not said or said[0] not in self._view.plans:
            raise CommandError(f"Amend which plan? plans lists them: {HOW}.")
        try:
            return _order(ChangePlan, plan_id=said[0], **changes(self._view.plans[said[0]], said[1:]))
        except AmendError as error:
            raise CommandError(str(error)) from error

    def _status(self, _words: list[str], now: datetime) -> Reply:
        return Reply(lines=tuple(status_lines(self._view, now)))

    def _plans(self, _words: list[str], _now: datetime) -> Reply:
        return Reply(lines=tuple(plan_lines(self._view)) or ("You have no plans.",))

    def _sky(self, _words: list[str], _now: datetime) -> Reply:
        return Reply(lines=tuple(sky_lines(self._view.sky)))

    def _wait(self, _words: list[str], _now: datetime) -> Reply:
        raise CommandError("Only a script waits: wait is obeyed with --plain.")

    def _log(self, said: list[str], _now: datetime) -> Reply:
        count = int(said[0]) if said and _NUMBER.fullmatch(said[0]) else 20
        return Reply(lines=tuple(self._view.log)[-count:] if count else ())


def _order(kind: type[Any], /, **fields: Any) -> Reply:
    return Reply(send=(Draft(kind, fields),))


def _to_be_told(peer: str, order: Reply) -> Reply:
    return Reply(lines=(f"That is for {peer.upper()}: it is said in this call, or rung about.",), send=order.send)


def _offer(asked: DecisionAwaited) -> dict[str, Any]:
    return {"negotiation_id": asked.negotiation_id, "offer": asked.offer}


def position(text: str) -> Position:
    """``LON,LAT`` in degrees, or the middle of a GARS area. Raises CommandError."""
    found = _POSITION.fullmatch(text)
    try:
        if found:
            return msgspec.convert([float(found[1]), float(found[2])], Position)
        bounds = gars_bounds(text.upper())
    except (GarsError, msgspec.ValidationError) as error:
        raise CommandError(f"{printable(text)!r} is no place: name it as LON,LAT or by its GARS area.") from error
    return Position(lon_deg=(bounds.west_deg + bounds.east_deg) / 2, lat_deg=(bounds.south_deg + bounds.north_deg) / 2)


def chosen(asked: DecisionAwaited, said: list[str]) -> Choice:
    """The choice of the menu that these words name: ``sector 2 block 3 shift +15``, numbered from 1 as the menu is
    listed, or by name; a shift is in minutes. Raises CommandError."""
    menu, parts = asked.menu, [part for each in said for part in each.split("=") if part]
    if not parts or len(parts) % 2:
        raise CommandError("Counter with what? For example: counter block 2 shift +15. menu lists what there is.")
    cells = {"sector": asked.choice.sector, "block": asked.choice.block, "shift": asked.choice.shift}
    for axis, value in zip(parts[::2], parts[1::2], strict=True):
        cells[_axis(axis)] = _cell(menu, _axis(axis), value)
    return Choice(**cells)


def _axis(word: str) -> str:
    axis = {"height": "block", "time": "shift", "place": "sector"}.get(word.lower(), word.lower())
    if axis not in {"sector", "block", "shift"}:
        raise CommandError(f"{printable(word)!r} is none of sector, block and shift.")
    return axis


def _cell(menu: Menu, axis: str, value: str) -> int:
    if axis == "shift":
        if not re.fullmatch(r"[+-]?\d{1,4}", value) or int(value) not in menu.shifts_min:
            raise CommandError(f"The shifts are {', '.join(f'{minutes:+d}' for minutes in menu.shifts_min)} min.")
        return menu.shifts_min.index(int(value))
    names = [each.name.lower() for each in (menu.sectors if axis == "sector" else menu.blocks)]
    if value.lower() in names:
        return names.index(value.lower())
    if _NUMBER.fullmatch(value) and 1 <= int(value) <= len(names):
        return int(value) - 1
    raise CommandError(f"There are {axis}s 1 to {len(names)}; menu lists them.")

"""Every metric that a monitor exports: its name by Prometheus' conventions, what it counts, and its labels.

Times are simulated ones, unless the help says otherwise: a run at sixty times speed gathers an hour of calls a minute.
"""

from typing import Final, Literal

import msgspec

Kind = Literal["counter", "gauge", "histogram"]

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0


class Measure(msgspec.Struct, frozen=True):
    """One metric. ``bounds`` are the upper bounds of a histogram's buckets, the last of which has none."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


_WAITING: Final = (1, 10, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 12 * _HOUR)
_SET_UP: Final = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120)
_HOLD: Final = (15, 30, 60, 120, 240, 480, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
_ROUNDS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)

MEASURES: Final = (
    Measure(
        "hotline_calls_total",
        "counter",
        "Calls that have ended: rings that were answered, counted by the side that rang.",
        ("caller", "callee", "reason", "tier", "outcome"),
    ),
    Measure(
        "hotline_call_attempts_total",
        "counter",
        "Rings that were busy, or that nobody answered, counted by the side that rang.",
        ("caller", "callee", "reason", "tier", "outcome"),
    ),
    Measure("hotline_calls_in_progress", "gauge", "Calls that ring or are being held.", ("line",)),
    Measure("hotline_call_waiting_seconds", "histogram", "From queued to rang.", ("caller", "reason"), _WAITING),
    Measure(
        "hotline_call_setup_seconds",
        "histogram",
        "From rang to answered, of calls that were.",
        ("caller", "reason"),
        _SET_UP,
    ),
    Measure("hotline_call_hold_seconds", "histogram", "From answered to hung up.", ("caller", "reason"), _HOLD),
    Measure(
        "hotline_line_taken_seconds_total",
        "counter",
        "For how long calls have held the line, answered or not. By the simulated time gone by: the load in Erlang.",
        ("line",),
    ),
    Measure(
        "hotline_line_load_erlang",
        "gauge",
        "The share of the last 24 simulated hours, or of as much as was recorded, for which the line was taken.",
        ("line",),
    ),
    Measure(
        "hotline_line_announced",
        "gauge",
        "1 for what a side says in public about the line, else 0. What the line does is hotline_line_actual.",
        ("party", "state"),
    ),
    Measure(
        "hotline_line_actual",
        "gauge",
        "1 for what the line does in fact, as this side finds it, else 0.",
        ("party", "peer", "state"),
    ),
    Measure(
        "hotline_negotiations_total",
        "counter",
        "Negotiations that have ended, at the highest tier that they went to.",
        ("asker", "responder", "outcome", "tier"),
    ),
    Measure("hotline_negotiations_open", "gauge", "Negotiations that have not ended.", ("asker", "responder")),
    Measure("hotline_negotiation_rounds", "histogram", "Offers made until the end.", ("asker",), _ROUNDS),
    Measure("hotline_agreements_granted_total", "counter", "Grants in the granter's chain.", ("granter", "user")),
    Measure(
        "hotline_agreements_released_total",
        "counter",
        "Grants that were given back before their time.",
        ("granter", "user"),
    ),
    Measure(
        "hotline_agreements_in_force",
        "gauge",
        "Grants that are not released, and whose air is not in the past.",
        ("granter", "user"),
    ),
    Measure("hotline_ledger_entries", "gauge", "Entries in the granter's own chain.", ("granter", "user")),
    Measure("hotline_ledger_agrees", "gauge", "1 when both sides hold the same chain, else 0.", ("granter", "user")),
    Measure("hotline_plans", "gauge", "Plans by where they stand.", ("party", "state")),
    Measure("hotline_escalations_total", "counter", "Steps up, as a side sees them.", ("party", "peer", "kind")),
    Measure(
        "hotline_strain_level",
        "gauge",
        "How strained a side is towards its peer, on the scale of its model of escalation.",
        ("party", "peer", "model"),
    ),
    Measure(
        "hotline_strain_stage", "gauge", "1 for the stage that a side has come to, else 0.", ("party", "peer", "stage")
    ),
    Measure("hotline_line_reviews_total", "counter", "Reviews of where the line runs.", ("party", "peer", "agreed")),
    Measure("hotline_flights_total", "counter", "Flights that have been flown.", ("side", "announced")),
    Measure(
        "hotline_crossings_total",
        "counter",
        "Flights across the line, or into a zone; conforming: as planned and with the consent needed.",
        ("side", "place", "conforming"),
    ),
    Measure("hotline_encounters_total", "counter", "Pairs of aircraft that lost separation.", ("sides", "grade")),
    Measure(
        "hotline_rejected_inputs_total",
        "counter",
        "Inputs of no use, by what is wrong with them and the template of the topic that they came on.",
        ("party", "code", "topic"),
    ),
    Measure(
        "hotline_messages_recorded_total",
        "counter",
        "Messages in the record, each once, by the template of their topic.",
        ("topic",),
    ),
    Measure("hotline_service_up", "gauge", "1 when the service's last word was that it is up, else 0.", ("service",)),
    Measure(
        "hotline_service_lag_seconds",
        "gauge",
        "From a service through the broker and back, in real seconds.",
        ("service",),
    ),
    Measure("hotline_service_inbox_messages", "gauge", "Messages that a service has yet to take in.", ("service",)),
    Measure("hotline_service_outbox_messages", "gauge", "Messages of a service that have yet to arrive.", ("service",)),
    Measure("hotline_service_restarts_total", "counter", "How often its supervisor has restarted it.", ("service",)),
    Measure(
        "hotline_simulated_timestamp_seconds",
        "gauge",
        "Simulated time, in seconds since 1970: by the clock, else of the newest message.",
    ),
    Measure("hotline_clock_speed_ratio", "gauge", "Simulated seconds in a real one. Only of a live run."),
)

MEASURE: Final = {measure.name: measure for measure in MEASURES}

"""Plans as they come from outside: sound ones, with anything in them changed, and bytes of every kind."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

TODAY = date(2017, 6, 18)
NOON = datetime(2017, 6, 18, 12, 0, tzinfo=UTC)
INJECT = "hotline/v1/inject/us"
FPL = "(FPL-EXER11-IM-F18/M-S/S-OSDZ1400-N0471F310 RAQQA-OSLK0130-DOF/170618)"


def raw(**changes: Any) -> dict[str, Any]:
    """A sound plan as one writes it in JSON, with these fields changed."""
    plan = {
        "plan_id": "plan-1",
        "callsign": "EXER11",
        "area": {"shape": "polygon", "vertices": [[39, 35], [40, 35], [40, 36]]},
        "lower_ft": 20_000,
        "upper_ft": 22_000,
        "start": "2017-06-18T14:00:00Z",
        "end": "2017-06-18T15:00:00Z",
    }
    return plan | changes


def corridor(*route: list[float], half_width_nm: float = 5) -> dict[str, Any]:
    return {"shape": "corridor", "route": list(route), "half_width_nm": half_width_nm}


def polygon(*vertices: Sequence[float]) -> dict[str, Any]:
    return {"shape": "polygon", "vertices": list(vertices)}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
ODD_PLANS = st.dictionaries(st.sampled_from([*raw(), "type", "plans", "plan", "time", "id", "to"]), ANY_JSON).map(
    lambda odd: json.dumps(raw() | odd).encode()
)


def spoiled(payload: bytes, place: int, junk: bytes) -> bytes:
    at = place % len(payload)
    return payload[:at] + junk + payload[at + 1 :]


SUBMISSIONS = ODD_PLANS.map(lambda plan: b'{"type":"submit-plan","plan":' + plan + b"}")
SPOILED = st.builds(spoiled, ODD_PLANS | SUBMISSIONS, st.integers(0, 1_000), st.binary(max_size=3))
PAYLOADS = st.binary(max_size=300) | ANY_JSON.map(lambda value: json.dumps(value).encode()) | ODD_PLANS | SPOILED

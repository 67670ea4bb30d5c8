"""By which name the broker knows a tool or a service."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_services.delivery.payloads import UNSIGNED
from hotline_services.injecting import addressed, barred, read_texts
from hotline_services.keys.certificates import make_ca, make_client
from hotline_services.runtime.identity import identity_of
from hotline_services.runtime.wire import BrokerSettings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = Path(__file__).parents[2] / "examples/plans/patrol.json"


def shown(folder: Path, name: str) -> BrokerSettings:
    """What connects with a certificate of this name, and no user."""
    cert = folder / "client.crt"
    cert.write_bytes(make_client(make_ca("test", NOW), name, NOW).cert)
    return BrokerSettings(tls=True, cert_file=cert)


def test_it_is_the_user_s_or_else_the_certificate_s(tmp_path: Path) -> None:
    assert identity_of(shown(tmp_path, "page")) == "page"
    assert identity_of(BrokerSettings(username="control")) == "control"
    assert identity_of(BrokerSettings()) is None
    assert identity_of(BrokerSettings(tls=True, cert_file=tmp_path / "none.crt")) is None


def test_who_shows_a_certificate_injects_in_its_name(tmp_path: Path) -> None:
    (letter,) = read_texts([("", PLAN.read_bytes())], NOW).letters
    address, _ = addressed(letter, identity_of(shown(tmp_path, "page")), "us", UNSIGNED, "0f")
    assert address == "hotline/v1/order/page/us"


@pytest.mark.parametrize(
    ("user", "to", "reason"),
    [
        (None, "us", None),
        ("control", "us", None),
        ("page", "us", None),
        ("us-desk", "us", None),
        ("lt-smith", "us", None),
        ("us-desk", "ru", "us-desk orders its own centre alone; control orders any"),
        ("observer", "us", "observer hands in no plans; control does"),
        ("sky", "us", "sky hands in no plans; control does"),
    ],
)
def test_who_may_hand_in_no_plans_is_told_so_before_they_are_dropped(
    user: str | None, to: str, reason: str | None
) -> None:
    assert [complaint.problem.reason for complaint in barred(user, to)] == ([reason] if reason else [])

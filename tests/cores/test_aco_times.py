"""When the measures of an Airspace Control Order are in force: every form of a time, and what is assumed."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_services.aco.reading import read_order

from .orders import CIRCLE, HEAD, LEAP, LEVELS, START, TIMES, at, measure, order, reasons, volume


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("DISCRETE/181530ZJUN/181730ZJUN", at(15, 30), at(17, 30)),
        ("DISCRETE/181530ZJUN2017/181730ZJUN17", at(15, 30), at(17, 30)),
        ("DISCRETE/181530DJUN/181730CJUN", at(11, 30), at(14, 30)),
        ("DISCRETE/181530ZJUN/UFN", at(15, 30), at(6, day=19)),
        ("DISCRETE/-/181730ZJUN", at(6), at(17, 30)),
        ("DISCRETE/ASAP/181730ZJUN", at(6), at(17, 30)),
        ("181530ZJUN/181730ZJUN", at(15, 30), at(17, 30)),
        ("DISCRETE/181530JUN/181730JUN", at(15, 30), at(17, 30)),
        ("DISCRETE/200600ZJUN/INDEF", at(6, day=20), at(6, day=21)),
    ],
)
def test_times_are_read_in_each_form(text: str, start: datetime, end: datetime) -> None:
    found = volume(order(times=f"APERIOD/{text}//"))
    assert (found.start, found.end) == (start, end)


def test_an_interval_is_as_many_windows_as_it_has_days() -> None:
    found = measure(order(times="APERIOD/INTERVAL/180600ZJUN/180900ZJUN/DAILY/3DAY//"))
    assert [(each.start, each.end) for each in found.volumes] == [(at(6, day=d), at(9, day=d)) for d in (18, 19, 20)]
    weekdays = measure(order(times="APERIOD/INTERVAL/160600ZJUN/160900ZJUN/WEEKDAYS/1WK//"))
    assert [each.start.weekday() for each in weekdays.volumes] == [4, 0, 1, 2, 3]


def test_several_periods_are_several_volumes() -> None:
    assert len(measure(order(times=f"{TIMES}\nAPERIOD/DISCRETE/182000ZJUN/182100ZJUN//")).volumes) == 2


def test_a_period_over_the_new_year_ends_in_the_next() -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "310600ZDEC2017/010600ZJAN2018")
    found = volume(order(times="APERIOD/DISCRETE/312200ZDEC/010200ZJAN//", head=head))
    assert found.end == datetime(2018, 1, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("period", ["281200ZDEC2017/051200ZJAN2018", "281200ZDEC2017/051200ZJAN"])
def test_a_start_in_january_lies_within_an_order_that_goes_over_the_new_year(period: str) -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", period)
    found = order(times="APERIOD/DISCRETE/020600ZJAN/021200ZJAN//", head=head)
    assert volume(found).start == datetime(2018, 1, 2, 6, tzinfo=UTC)
    assert "2018 was taken" in found.mended[-1].reason
    before = order(times="APERIOD/DISCRETE/271200ZDEC/021200ZJAN//", head=head)
    assert volume(before).start == datetime(2017, 12, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("312300YDEC/312359YDEC", datetime(2018, 1, 1, 11, tzinfo=UTC), datetime(2018, 1, 1, 11, 59, tzinfo=UTC)),
        ("312300RDEC2017/312359RDEC", datetime(2018, 1, 1, 4, tzinfo=UTC), datetime(2018, 1, 1, 4, 59, tzinfo=UTC)),
        ("010100KJAN2018/010200KJAN", datetime(2017, 12, 31, 15, tzinfo=UTC), datetime(2017, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_night_of_new_year_is_over_when_it_is_where_it_is_written(times: str, start: datetime, end: datetime) -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "311200ZDEC2017/021200ZJAN2018")
    found = order(times=f"APERIOD/DISCRETE/{times}//", head=head)
    assert (volume(found).start, volume(found).end) == (start, end)
    assert found.mended == ()


def test_a_start_on_the_29th_of_february_lies_in_the_order_s_leap_year() -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "281200ZDEC2015/051200ZMAR2016")
    found = order(times="APERIOD/DISCRETE/290600ZFEB/291200ZFEB//", head=head)
    assert volume(found).start == datetime(2016, 2, 29, 6, tzinfo=UTC)


def test_an_order_s_period_without_years_goes_over_the_new_year() -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "281200ZDEC/051200ZJAN")
    found = read_order(f"{head}ACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//\n{CIRCLE}\n{LEVELS}\n", year=2017)
    assert (found.start, found.end) == (
        datetime(2017, 12, 28, 12, tzinfo=UTC),
        datetime(2018, 1, 5, 12, tzinfo=UTC),
    )
    assert [note.set for note in found.mended if "the year after" in note.reason] == ["PERIOD"]


def test_an_interval_goes_on_until_january() -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "281200ZDEC2017/051200ZJAN2018")
    found = measure(order(times="APERIOD/INTERVAL/301500ZDEC/301700ZDEC/DAILY/021700ZJAN//", head=head))
    assert [each.start.day for each in found.volumes] == [30, 31, 1, 2]


@pytest.mark.parametrize(
    "times",
    [
        "010000ZMAR/290200ZFEB",
        "312300ZDEC9999/UFN",
        "INTERVAL/302300ZDEC9999/302330ZDEC9999/DAILY/9DAY",
        "010000AJAN0001/UFN",
    ],
)
def test_a_time_that_no_calendar_has_is_refused(times: str) -> None:
    found = order(times=f"APERIOD/{'' if times.startswith('INT') else 'DISCRETE/'}{times}//", head="EXER/X//\n" + LEAP)
    assert not found.measures
    assert [note.field for note in found.refused] == ["period"]


def test_without_a_period_that_of_the_order_holds_and_without_any_it_is_refused() -> None:
    found = order(times="")
    assert (volume(found).start, volume(found).end) == (START, START + timedelta(days=1))
    assert "that of the whole order" in found.mended[0].reason
    none = order(times="", head="EXER/X//")
    assert "neither it nor the order" in reasons(none)[0]
    no_year = order(head="EXER/X//")
    assert "give one with --year" in reasons(no_year)[0]


@pytest.mark.parametrize(
    "text",
    [
        "DISCRETE/321530ZJUN/181730ZJUN",
        "DISCRETE/181530ZJUN2017/181530ZJUN2017",
        "DISCRETE/181530JJUN/181730ZJUN",
        "DISCRETE/181530ZJUL/SOON",
        "SOMETIMES/181530ZJUN/181730ZJUN",
        "INTERVAL/181530ZJUN/181730ZJUN/MONTHLY BY DATE/2MO",
        "INTERVAL/181530ZJUN/181730ZJUN/DAILY/2MO",
        "DISCRETE/290230ZFEB2017/290330ZFEB2017",
    ],
)
def test_times_that_are_none_are_refused(text: str) -> None:
    found = order(times=f"APERIOD/{text}//")
    assert not found.measures
    assert [(note.set, note.field) for note in found.refused] == [("APERIOD", "period")]


@pytest.mark.parametrize(
    ("times", "end"),
    [
        ("DISCRETE/181730ZJUN/181530ZJUN", "181530ZJUN"),
        ("DISCRETE/181730ZJUN/171530ZJUN", "171530ZJUN"),
        ("DISCRETE/181730ZJUN2017/181530ZJUN2017", "181530ZJUN2017"),
        ("INTERVAL/181730ZJUN/181530ZJUN/DAILY", "181530ZJUN"),
        ("INTERVAL/181530ZJUN/181730ZJUN/DAILY/171730ZJUN", "171730ZJUN"),
    ],
)
@pytest.mark.parametrize("head", [HEAD, "EXER/X//\n"])
def test_an_end_before_its_start_is_refused_and_reserves_no_year(times: str, end: str, head: str) -> None:
    text = f"{head}ACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//\n{CIRCLE}\n{LEVELS}\nAPERIOD/{times}//\n"
    found = read_order(text, year=2017)
    assert not found.measures
    (note,) = found.refused
    assert (note.set, note.field, note.measure) == ("APERIOD", "period", "ONE")
    assert note.line == len(text.splitlines())
    assert "ends before it starts" in note.reason
    assert end in note.reason


def test_a_night_of_new_year_that_ends_before_it_starts_is_refused_too() -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", "311200ZDEC2017/021200ZJAN2018")
    assert not order(times="APERIOD/DISCRETE/312000ZDEC/311500ZDEC//", head=head).measures
    over = volume(order(times="APERIOD/DISCRETE/312200ZDEC/010200ZJAN//", head=head))
    assert over.end - over.start == timedelta(hours=4)


@pytest.mark.parametrize("period", ["190600ZJUN2017/180600ZJUN", "190600ZJUN2017/180600ZJUN2017"])
def test_a_period_of_an_order_that_is_reversed_is_refused(period: str) -> None:
    head = HEAD.replace("180600ZJUN2017/190600ZJUN2017", period)
    found = order(times="APERIOD/DISCRETE/181530ZJUN2017/181730ZJUN//", head=head)
    assert (found.start, [note.set for note in found.refused]) == (None, ["PERIOD"])
    assert "ends before it starts" in found.refused[0].reason
    assert [each.start for each in found.measures[0].volumes] == [at(15, 30)]


def test_a_winter_goes_over_the_new_year_without_a_period() -> None:
    found = read_order(
        f"EXER/X//\nACMID/ACM:ROZ/NAME:ONE/CIRCLE/USE:AEW//\n{CIRCLE}\n{LEVELS}\n"
        "APERIOD/DISCRETE/301200ZDEC2017/051200ZJAN//\n"
    )
    assert volume(found).end == datetime(2018, 1, 5, 12, tzinfo=UTC)
    assert "the year after was assumed" in found.mended[0].reason

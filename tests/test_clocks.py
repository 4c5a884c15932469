"""Clocks of places: which moment is meant, also on the days when they change."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum import clocks

BRUSSELS = "Europe/Brussels"


def test_a_moment_is_what_the_clocks_of_the_zone_show() -> None:
    winter = clocks.moment(date(2026, 1, 5), time(9, 30), BRUSSELS)
    summer = clocks.moment(date(2026, 7, 5), time(9, 30), BRUSSELS)
    assert (winter, summer) == (
        datetime(2026, 1, 5, 8, 30, tzinfo=UTC), datetime(2026, 7, 5, 7, 30, tzinfo=UTC),
    )  # fmt: skip
    assert clocks.local(winter, "Asia/Tokyo").isoformat() == "2026-01-05T17:30:00+09:00"


@pytest.mark.parametrize(
    ("on", "clock", "zone", "earlier", "later"),
    [
        (date(2026, 3, 29), time(2, 0), BRUSSELS, "01:00", "03:00"),
        (date(2026, 3, 29), time(2, 59), BRUSSELS, "01:59", "03:59"),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", "01:45", "02:45"),
    ],
)
def test_a_time_that_does_not_exist_is_refused(on, clock, zone, earlier, later) -> None:
    with pytest.raises(clocks.NoSuchTime) as refused:
        clocks.moment(on, clock, zone, "first")
    assert f"Choose {earlier} or {later}." in str(refused.value)
    assert isinstance(refused.value, ValueError)


def test_a_time_that_comes_twice_is_asked_about() -> None:
    night = (date(2026, 10, 25), time(2, 30), BRUSSELS)
    with pytest.raises(clocks.TimeTwice) as refused:
        clocks.moment(*night)
    assert str(refused.value) == (
        "On 2026-10-25 the clocks go back in Europe/Brussels, and it is 02:30 twice. Say which one "
        "is meant."
    )
    assert refused.value.choices == {
        "first": "the first 02:30 (CEST)", "second": "the second 02:30 (CET)",
    }  # fmt: skip
    assert clocks.moment(*night, "first") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clocks.moment(*night, "second") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("clock", [time(1, 59), time(3, 0)])
@pytest.mark.parametrize("on", [date(2026, 3, 29), date(2026, 10, 25)])
def test_beside_the_change_nothing_is_asked(on, clock) -> None:
    assert clocks.local(clocks.moment(on, clock, BRUSSELS), BRUSSELS).time() == clock


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "/etc/passwd", "../x", "Europe", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(clocks.UnknownZone):
        clocks.moment(date(2026, 1, 1), time(9), name)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from([BRUSSELS, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
)
def test_what_the_clocks_show_leads_back_to_the_moment(at: datetime, zone: str) -> None:
    instant = at.replace(tzinfo=UTC)
    shown = clocks.local(instant, zone)
    which = "second" if shown.fold else "first"
    assert clocks.moment(shown.date(), shown.time(), zone, which) == instant

"""What the clocks of a place show, and which moment is meant, also when they change."""

from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from quorum.language import _


class ClockError(ValueError):
    """A time that cannot be told; the message says what to do."""


class UnknownZone(ClockError):
    """There is no time zone of that name."""


class NoSuchTime(ClockError):
    """The clocks go forward over it."""


class TimeTwice(ClockError):
    """The clocks go back, so the time comes twice; `choices`: which -> what people read."""

    def __init__(self, sentence: str, choices: dict[str, str]) -> None:
        super().__init__(sentence)
        self.choices = choices


def zone_of(name: str) -> ZoneInfo:
    """The zone with this IANA name, such as Europe/Brussels. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownZone(
            _(
                "There is no time zone “{name}”: choose one by continent and city, such as "
                "Europe/Brussels."
            ).format(name=name)
        ) from None


def local(moment: datetime, zone: str) -> datetime:
    """The moment (aware) as the clocks of the zone show it. Raises UnknownZone."""
    return moment.astimezone(zone_of(zone))


def moment(
    day: date, clock: time, zone: str, which: Literal["first", "second"] | None = None
) -> datetime:
    """The instant, in UTC, at which the clocks of the zone show this time on this day.

    `which` is only needed when clocks go back: the first or the second time it is that late.
    Raises UnknownZone; NoSuchTime; TimeTwice where `which` is missing.
    """
    there = zone_of(zone)
    wall = datetime.combine(day, clock.replace(tzinfo=None, fold=0))
    first, second = (
        wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)
    )  # fmt: skip
    exists = [
        one.astimezone(there).replace(tzinfo=None, fold=0) == wall for one in (first, second)
    ]  # fmt: skip
    if not any(exists):
        earlier, later = sorted(one.astimezone(there) for one in (first, second))
        raise NoSuchTime(
            _(
                "On {day} the clocks go forward in {zone}, and it is never {time}. Choose "
                "{earlier} or {later}."
            ).format(
                day=day, zone=zone, time=f"{wall:%H:%M}",
                earlier=f"{earlier:%H:%M}", later=f"{later:%H:%M}",
            )
        )  # fmt: skip
    if first != second and which is None:
        names = {"first": first.astimezone(there), "second": second.astimezone(there)}
        raise TimeTwice(
            _(
                "On {day} the clocks go back in {zone}, and it is {time} twice. Say which one is "
                "meant."
            ).format(day=day, zone=zone, time=f"{wall:%H:%M}"),
            {
                "first": _("the first {time} ({zone})").format(
                    time=f"{wall:%H:%M}", zone=names["first"].tzname()
                ),
                "second": _("the second {time} ({zone})").format(
                    time=f"{wall:%H:%M}", zone=names["second"].tzname()
                ),
            },
        )
    return second if which == "second" else first

"""What a zone written beside a clock can mean: offsets, abbreviations, names and cities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from ingest.news.parse.times.words import fold

# The farthest zones in use (Baker Island, Line Islands).
WESTERNMOST, EASTERNMOST = timedelta(hours=-12), timedelta(hours=14)
MINUTES = 60

# Hours ahead of UTC; several where one abbreviation is used for several zones (then all are possible). What stands
# for a place's time of the season is in _PLACES. Source: RFC 822 for North America, the IANA abbreviations elsewhere.
_HOURS: dict[str, tuple[float, ...]] = {
    "z": (0,), "ut": (0,), "utc": (0,), "gmt": (0,), "wet": (0,), "zulu": (0,), "world": (0,),
    "est": (-5,), "edt": (-4,), "cdt": (-5,), "mst": (-7,), "mdt": (-6,), "pst": (-8,), "pdt": (-7,),
    "akst": (-9,), "akdt": (-8,), "hst": (-10,), "nst": (-3.5,), "ndt": (-2.5,), "adt": (-3,),
    "west": (1,), "cet": (1,), "mez": (1,), "cest": (2,), "mesz": (2,), "eet": (2,), "eest": (3,), "sast": (2,),
    "msk": (3,), "мск": (3,), "trt": (3,), "eat": (3,), "cat": (2,), "wat": (1,), "idt": (3,), "irst": (3.5,),
    "pkt": (5,), "npt": (5.75,), "ict": (7,), "wib": (7,), "wita": (8,), "hkt": (8,), "sgt": (8,), "myt": (8,),
    "pht": (8,), "awst": (8,), "jst": (9,), "kst": (9,), "acst": (9.5,), "acdt": (10.5,), "aest": (10,), "aedt": (11,),
    "nzst": (12,), "nzdt": (13,), "brt": (-3,), "art": (-3,), "clt": (-4,), "pet": (-5,),
    "bst": (1, 6), "ist": (1, 2, 5.5), "cst": (-6, -5, 8), "ast": (-4, 3), "gst": (-2, 4), "amt": (-4, 4),
    "ect": (-5, -4), "wst": (1, 8, 13), "sst": (-11, 8), "cot": (-5,), "uzt": (5,),
}  # fmt: skip
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles",
    "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles", "us eastern": "America/New_York", "us pacific": "America/Los_Angeles",
    "beijing": "Asia/Shanghai", "北京": "Asia/Shanghai", "北京时间": "Asia/Shanghai", "北京時間": "Asia/Shanghai",
    "台北時間": "Asia/Taipei", "香港時間": "Asia/Hong_Kong", "日本時間": "Asia/Tokyo", "한국시간": "Asia/Seoul",
    "washington": "America/New_York", "san francisco": "America/Los_Angeles", "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata", "new delhi": "Asia/Kolkata", "geneva": "Europe/Zurich", "frankfurt": "Europe/Berlin",
    "munich": "Europe/Berlin", "milan": "Europe/Rome", "barcelona": "Europe/Madrid", "tel aviv": "Asia/Jerusalem",
    "boston": "America/New_York", "shenzhen": "Asia/Shanghai", "abu dhabi": "Asia/Dubai", "москва": "Europe/Moscow",
    "по москве": "Europe/Moscow", "british": "Europe/London", "uk": "Europe/London", "israel": "Asia/Jerusalem",
    "japan": "Asia/Tokyo", "korea": "Asia/Seoul", "hongkong": "Asia/Hong_Kong", "london": "Europe/London",
}  # fmt: skip
# Hours ahead of UTC by the name that web browsers print in brackets.
_LONG_NAMES = {
    "coordinated universal": 0, "universal": 0, "greenwich mean": 0, "british summer": 1, "irish standard": 1,
    "western european standard": 0, "western european summer": 1, "central european": 1, "central europe": 1,
    "central european standard": 1, "central europe standard": 1, "w. europe standard": 1, "romance standard": 1,
    "central european summer": 2, "central europe daylight": 2, "w. europe daylight": 2, "romance daylight": 2,
    "eastern european standard": 2, "eastern european summer": 3, "moscow standard": 3, "india standard": 5.5,
    "china standard": 8, "hong kong standard": 8, "singapore standard": 8, "taipei standard": 8,
    "japan standard": 9, "tokyo standard": 9, "korean standard": 9, "korea standard": 9,
    "australian eastern standard": 10, "australian eastern daylight": 11, "eastern standard": -5,
    "eastern daylight": -4, "central standard": -6, "central daylight": -5, "mountain standard": -7,
    "mountain daylight": -6, "pacific standard": -8, "pacific daylight": -7,
}  # fmt: skip


@cache
def _names() -> dict[str, tuple[tzinfo, ...]]:
    """Every name of a zone in folded letters; a city's name only where one zone has it."""
    found: dict[str, tuple[tzinfo, ...]] = {name: _fixed(hours) for name, hours in _HOURS.items()}
    found |= {f"{name} time": _fixed((hours,)) for name, hours in _LONG_NAMES.items()}
    keys = sorted(key for key in available_timezones() if "/" in key and not key.startswith(("posix/", "right/")))
    cities: dict[str, set[str]] = {}
    for key in keys:
        found[fold(key)] = (ZoneInfo(key),)
        if not key.startswith(("Etc/", "SystemV/")):
            cities.setdefault(fold(key.rsplit("/", 1)[1]).replace("_", " "), set()).add(key)
    places = {city: next(iter(at)) for city, at in cities.items() if len(at) == 1} | _PLACES
    for name, key in places.items():
        found.setdefault(name, (ZoneInfo(key),))
        found.setdefault(f"{name} time", (ZoneInfo(key),))
    return found


def _fixed(hours: Iterable[float]) -> tuple[tzinfo, ...]:
    return tuple(timezone(timedelta(hours=number)) for number in hours)


# No name of a zone has more words ("australian eastern standard time").
MAX_ZONE_WORDS = 4


def named_zones(name: str) -> tuple[tzinfo, ...] | None:
    """The zones that `name` (folded) can mean; None when it names none."""
    return _names().get(name)


def offset_zone(sign: str, hours: int, minutes: int) -> tzinfo | None:
    """The zone of a written offset, None where no zone is that far away."""
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1)
    return timezone(offset) if minutes < MINUTES and WESTERNMOST <= offset <= EASTERNMOST else None


def instants(local: datetime, zones: tuple[tzinfo, ...]) -> tuple[datetime, ...]:
    """Every instant (UTC, ascending) that the hands of `local` in one of the zones mean: two in the hour set back."""
    found = {local.replace(tzinfo=zone, fold=fold_of).astimezone(UTC) for zone in zones for fold_of in (0, 1)}
    return tuple(sorted(found))

"""Who is told what, and when: a person's `alerts.toml`."""

from __future__ import annotations

import re
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from flows.configuration import read_own
from warehouse.config import Entry, EntryTable, FileForm, load_config

ALERTS_FILE = "alerts.toml"
AlertKind = Literal["event", "verdict", "move", "unexplained", "source", "check", "run"]
ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)


def _require_clock(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError as exc:
        raise ValueError(f"{value!r} is no time of day; write it as 22:00") from exc
    return value


def _require_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone; write it as Europe/Berlin or UTC")
    return value


def _require_variable(value: str) -> str:
    if "://" in value:
        raise ValueError("an address holds secrets: put it into an environment variable, and that variable's name here")
    return value


# A number with what parts its thousands and decimals, and its percent sign; dates, clocks and names have none of them.
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})*(?:\.\d+)?%?(?![\d:])|(?<![\w.])\d+(?:\.\d+)?%")
# Decimal comma, point between thousands, a narrow space before the sign: what most of Europe writes.
_WITH_COMMA = str.maketrans({".": ",", ",": ".", "%": "\u202f%"})
_Clock = Annotated[str, AfterValidator(_require_clock)]


class AlertRule(Entry):
    """One `[[rule]]`: an address, what is told there, from which bound on, and when not."""

    id: str = Field(min_length=1)
    to: Annotated[str, AfterValidator(_require_variable)] = Field(min_length=1)
    kinds: tuple[AlertKind, ...] = ALERT_KINDS
    categories: tuple[str, ...] = ()  # of events; none named means all
    asset_ids: tuple[str, ...] = ()  # of moves, explained or not; none named means all
    least_outlets: int = Field(default=2, ge=1)  # of detected events
    least_severity: int = Field(default=2, ge=1, le=5)  # of events, 1 to 5: a status page's small troubles are 1
    least_move: float = Field(default=0.10, gt=0)  # fraction, beyond Bitcoin, over 24 hours
    silent_hours: float = Field(default=24.0, gt=0)
    quiet_from: _Clock | None = None
    quiet_until: _Clock | None = None
    zone: Annotated[str, AfterValidator(_require_zone)] = "UTC"
    numbers: Literal["15.5%", "15,5 %"] = "15.5%"  # how numbers are written in what is told
    most_per_hour: int = Field(default=10, ge=1)
    pages: str = Field(default="", pattern=r"^(https?://.*/)?$")  # where the pages can be read; ends with a slash

    def written(self, words: str) -> str:
        """Words of ours with their numbers as this rule's reader writes them."""
        return words if self.numbers == "15.5%" else _NUMBER.sub(lambda found: found[0].translate(_WITH_COMMA), words)

    def is_quiet(self, now: datetime) -> bool:
        """Whether `now` lies in the quiet hours, which may pass midnight; half-open."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        start, end = time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until)
        here = now.astimezone(ZoneInfo(self.zone)).time()
        return start <= here < end if start <= end else here >= start or here < end


_RULES = EntryTable("rule", AlertRule)
ALERT_FORM = FileForm((_RULES,))


def load_rules(config_path: Path) -> tuple[AlertRule, ...]:
    """The rules of `alerts.toml`; none where there is no file, so that nobody is told anything; ConfigError."""
    own = read_own(config_path, ALERTS_FILE)
    return load_config(ALERT_FORM, own).entries(_RULES) if own is not None else ()

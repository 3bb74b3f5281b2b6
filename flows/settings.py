"""Where we run: the only reader of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from flows.errors import CommandError
from warehouse.tables.units import ascii_number

DEFAULT_HOME = "aftershock-home"
DEFAULT_LOCK_DEADLINE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths and switches of one process; every path lies below `home`."""

    home: Path
    replay_url: str | None  # a local server that stands in for every exchange and feed
    is_offline: bool
    lock_deadline_seconds: float
    plotly_js: Path | None
    prefect_api_url: str | None

    @property
    def warehouse_path(self) -> Path:
        """The file that the one writer keeps."""
        return self.home / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        """The read-only copy for analysts and pages."""
        return self.home / "aftershock.duckdb"

    @property
    def site_path(self) -> Path:
        """The generated pages."""
        return self.home / "site"

    @property
    def config_path(self) -> Path:
        """The user's own registries and ledger."""
        return self.home / "config"


def load_settings() -> Settings:
    """Settings from AFTERSHOCK_* variables; an unset AFTERSHOCK_HOME means `aftershock-home` in the current folder."""
    plotly_js = os.environ.get("AFTERSHOCK_PLOTLY_JS")
    return Settings(
        home=Path(os.environ.get("AFTERSHOCK_HOME") or DEFAULT_HOME).absolute(),
        replay_url=os.environ.get("AFTERSHOCK_REPLAY_URL") or None,
        is_offline=os.environ.get("AFTERSHOCK_OFFLINE", "") not in ("", "0"),
        lock_deadline_seconds=_read_seconds("AFTERSHOCK_LOCK_DEADLINE_SECONDS", DEFAULT_LOCK_DEADLINE_SECONDS),
        plotly_js=Path(plotly_js) if plotly_js else None,
        prefect_api_url=os.environ.get("PREFECT_API_URL") or None,
    )


def read_secret(name: str) -> str | None:
    """The value of an environment variable that a person's own file names, such as an address with a password."""
    return os.environ.get(name) or None


def _read_seconds(name: str, default: float) -> float:
    written = os.environ.get(name) or str(default)
    try:
        return float(written)
    except ValueError as exc:
        raise CommandError(f"{name} is {written!r}; expected seconds, for example {ascii_number(default)}") from exc


# How long Prefect keeps runs (in seconds) and what happened to them (ISO 8601). It would keep runs for 90 days: with a
# run a minute a database of gigabytes. The thirty to sixty happenings of a run are 200 to 400 kB, which nobody reads
# after some hours. A person's own settings of the same names win.
_KEPT_BY_PREFECT = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "259200",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "PT3H",
}


def child_environment(settings: Settings, prefect_api_url: str, secret: str | None = None) -> dict[str, str]:
    """The environment of the processes that `aftershock serve` starts: quiet, local, same home.

    With `secret` (user:password) Prefect's API asks for it, sends it, and answers pages of its own address only.
    """
    closed = {
        "PREFECT_SERVER_API_AUTH_STRING": secret,
        "PREFECT_API_AUTH_STRING": secret,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": prefect_api_url.removesuffix("/api"),
    }
    return {
        **_KEPT_BY_PREFECT,
        **os.environ,
        "AFTERSHOCK_HOME": str(settings.home),
        "PREFECT_API_URL": prefect_api_url,
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        **({name: value for name, value in closed.items() if value} if secret else {}),
    }

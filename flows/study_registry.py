"""Declared studies of single events: the packaged file, extended or overridden by the user's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from analysis.single.window.pair import StudySpecification
from flows.configuration import read_own
from flows.errors import CommandError
from warehouse.config import ConfigText, Entry, EntryTable, FileForm, load_config, packaged_text
from warehouse.store.connection import Reader
from warehouse.tables.bars import SECONDS_PER_MINUTE, bar_length, parse_bar
from warehouse.tables.prices import ASSET
from warehouse.tables.terms import OWN
from warehouse.tables.units import plain

BarName = Annotated[str, AfterValidator(lambda name: parse_bar(name).name)]


STUDIES_OF_STEPS = ("groups", "activity", "models")  # ids of the studies that a step of their own keeps


class DeclaredStudy(Entry):
    """One `[[study]]` of studies.toml; lengths in hours."""

    id: str
    title: str
    asset_ids: tuple[str, ...] = Field(min_length=1)
    benchmark_asset_ids: tuple[str, ...] = Field(min_length=1)
    benchmark_exchanges: tuple[str, ...]
    timeframes: tuple[BarName, ...] = Field(min_length=1)
    timing_rule: Literal["first_public_evidence"]
    event_origins: tuple[str, ...]
    windows_hours: tuple[Annotated[float, Field(gt=0)], ...] = Field(min_length=1)
    main_window_hours: float
    estimation_hours: float
    minimum_estimation_hours: float
    placebo_history_hours: float
    mask_origins: tuple[str, ...]
    mask_except: tuple[str, ...] = ()
    mask_hours: float
    path_before_hours: float
    path_after_hours: float
    specification_asset_ids: tuple[str, ...]
    examined_origins: tuple[str, ...]
    search_hours: float
    observed_staleness_minutes: float = Field(default=0.0, ge=0.0)

    @field_validator("main_window_hours")
    @classmethod
    def _require_window(cls, hours: float, info: ValidationInfo) -> float:
        windows = info.data.get("windows_hours", (hours,))
        if hours not in windows:
            raise ValueError(f"{plain(hours)} is none of windows_hours ({', '.join(map(plain, windows))})")
        return hours

    @field_validator("observed_staleness_minutes")
    @classmethod
    def _require_longer_bar(cls, minutes: float, info: ValidationInfo) -> float:
        timeframes = info.data.get("timeframes", ())
        if timeframes and all(minutes * SECONDS_PER_MINUTE >= bar_length(name).total_seconds() for name in timeframes):
            raise ValueError(
                f"{plain(minutes)} minutes are no shorter than the longest bar ({timeframes[-1]}): one observation "
                "would be "
                "the close of two bars"
            )
        return minutes

    @field_validator("id")
    @classmethod
    def _require_free_id(cls, study_id: str) -> str:
        if study_id in STUDIES_OF_STEPS:
            raise ValueError(f"{study_id} is the id of a study that a step keeps: choose another")
        return study_id

    @property
    def is_own(self) -> bool:
        """Whether its events and prices are its own, from a person's files, and not of the record."""
        return OWN in self.event_origins

    def masks(self, events: pl.DataFrame) -> pl.DataFrame:
        """The rows of core.event that estimation and placebos must avoid."""
        is_known = pl.col("origin").is_in(self.mask_origins)
        return events.filter(is_known & ~pl.col("event_id").is_in(self.mask_except))

    @property
    def observed_staleness(self) -> timedelta:
        """How old an observed price may be at the close that it stands for; zero: observed prices are not used."""
        return timedelta(minutes=self.observed_staleness_minutes)

    @property
    def specification(self) -> StudySpecification:
        """What the analysis needs of it."""
        return StudySpecification(
            self.id,
            self.benchmark_asset_ids[0],
            self.windows_hours,
            self.main_window_hours,
            self.estimation_hours,
            self.minimum_estimation_hours,
            self.placebo_history_hours,
            self.mask_hours,
            self.path_before_hours,
            self.path_after_hours,
            self.specification_asset_ids,
            self.examined_origins,
            self.search_hours,
            self.observed_staleness_minutes,
        )


STUDIES = EntryTable("study", DeclaredStudy)
STUDY_FORM = FileForm((STUDIES,))


def load_studies(config_path: Path) -> tuple[DeclaredStudy, ...]:
    """Packaged studies, those of `config_path`/studies.toml added or merged into them by id, key by key.

    ConfigError names what is wrong and where.
    """
    return read_declared_studies(read_own(config_path, "studies.toml"))


def read_declared_studies(own: ConfigText | None) -> tuple[DeclaredStudy, ...]:
    """The packaged studies with those of a person's text; ConfigError names what is wrong and where."""
    return load_config(STUDY_FORM, packaged_text("flows", "studies.toml"), own).entries(STUDIES)


def read_studies(reader: Reader, config_path: Path) -> tuple[DeclaredStudy, ...]:
    """The declared studies with the assets of each role that they name."""
    assets = reader.frame(ASSET)
    return tuple(name_assets(study, assets) for study in load_studies(config_path))


def read_study(reader: Reader, config_path: Path, study_id: str) -> DeclaredStudy:
    """The study of that id; a packaged one always exists, because a user's file can only change it."""
    return {study.id: study for study in read_studies(reader, config_path)}[study_id]


def name_assets(study: DeclaredStudy, assets: pl.DataFrame) -> DeclaredStudy:
    """The study with ids in the place of the roles of core.asset, such as ai_token; each asset once, in order.

    CommandError for a role that no asset has: ids are written in capitals, roles are not. Before the registry is stored
    a role stands for nothing.
    """
    by_role: dict[str, list[str]] = {}
    for asset_id, role in assets.select("asset_id", "role").sort("asset_id").iter_rows():
        by_role.setdefault(role, []).append(asset_id)

    def expand(key: str, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name.islower() and name not in by_role]
        if unknown and by_role:
            raise CommandError(
                f"studies.toml: study {study.id}: {key}: no asset has the role {unknown[0]!r}; "
                f"expected an asset id or one of {', '.join(sorted(by_role))}"
            )
        return tuple(
            dict.fromkeys(asset for name in names for asset in by_role.get(name, [] if name.islower() else [name]))
        )

    return study.model_copy(
        update={key: expand(key, getattr(study, key)) for key in ("asset_ids", "specification_asset_ids")}
    )

"""A person's `alerts.toml`: nobody is told without it, and what is wrong in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.alerts.rules import load_rules
from warehouse.config import ConfigError


def test_without_a_file_nobody_is_told(tmp_path: Path) -> None:
    assert load_rules(tmp_path) == ()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('to = "mailto://me:secret@example.org"', "an address holds secrets"),
        ('to = "X"\nzone = "Mars"', "no time zone"),
        ('to = "X"\nquiet_from = "late"', "no time of day"),
        ('to = "X"\nkinds = ["events"]', "did you mean 'event'"),
        ('to = "X"\npages = "example.org"', "pages"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "alerts.toml").write_text(f'[[rule]]\nid = "mine"\n{line}\n')
    with pytest.raises(ConfigError, match=complaint):
        load_rules(tmp_path)

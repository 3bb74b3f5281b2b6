"""A claim file is read strictly, and a wrong one is told where it is wrong."""

import ast
from datetime import UTC, datetime

import pytest

from analysis.claims.judging.judge import JUDGES
from analysis.claims.language import KINDS, packaged_claims, read_claims
from analysis.claims.statement import Kind
from analysis.claims.verdicts import claim_frame
from tests.paths import PROJECT
from warehouse.config import ConfigError, ConfigText

GOOD = """\
# my claims

[[claim]]
id = "one"
episode = "mine"
quote = "It rose."
kind = "rise_within"
asset = "TAO"
at = 2026-06-12T23:56:41Z
rise = 0.1
hours = 6

[[claim]]
id = "two"
episode = "mine"
quote = "It reached 10."
kind = "level"
asset = "FET"
event = "some-event"
price = 10
hours = 24
"""


def test_good_file_is_read_in_order():
    one, two = read_claims(ConfigText("my.toml", GOOD))
    assert (one.id, one.at, one.hours) == ("one", datetime(2026, 6, 12, 23, 56, 41, tzinfo=UTC), 6)
    assert (two.id, two.event, two.price) == ("two", "some-event", 10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "hours = 6",
            "hourz = 6",
            r"my\.toml line 11: claim 'one': hourz: unknown key .*did you mean 'hours'",
        ),
        ("hours = 6", 'hours = "six"', r"my\.toml line 11: claim 'one': hours: .*number"),
        ("hours = 24", "hours = -1", r"my\.toml line 21: claim 'two': hours: .*greater than 0"),
        (
            "rise = 0.1\n",
            "",
            r"my\.toml line 3: claim 'one': rise: missing; a new claim of kind 'rise_within'",
        ),
        (
            'kind = "level"',
            'kind = "levle"',
            r"my\.toml line 17: claim 'two': kind: 'levle' .*did you mean 'level'",
        ),
        ('kind = "level"\n', "", r"my\.toml line 13: claim 'two': kind: None is not a kind"),
        ("at = 2026-06-12T23:56:41Z", "at = 2026-06-12T23:56:41", r"my\.toml line 9: claim 'one': at: .*UTC"),
        ("at = 2026-06-12T23:56:41Z\n", "", r"my\.toml line 3: claim 'one': give either `event`"),
        ('id = "two"', 'id = "one"', r"my\.toml line 14: claim 'one': id: stands on line 4 already"),
        ('asset = "FET"', 'asset = "fet token"', r"my\.toml line 18: claim 'two': asset"),
        ("# my claims", "colour = 1", r"my\.toml line 1: unknown key 'colour'"),
        ("price = 10", "price = = 10", r"my\.toml line 20: not valid TOML"),
        ("# my claims", "[defaults]\nhours = 3", r"my\.toml line 1: unknown key 'defaults'"),
    ],
)
def test_wrong_file_is_told_the_line_the_entry_and_the_key(old, new, message):
    assert old in GOOD
    with pytest.raises(ConfigError, match=message):
        read_claims(ConfigText("my.toml", GOOD.replace(old, new, 1)))


def test_single_table_instead_of_a_list_is_explained():
    with pytest.raises(ConfigError, match=r"start each with \[\[claim\]\]"):
        read_claims(ConfigText("my.toml", '[claim]\nid = "x"'))


def test_every_kind_that_is_written_as_a_statement_can_be_judged():
    statements = set(KINDS) & {kind.value for kind in Kind}
    assert len(statements) >= 13
    assert statements - {"premium", "incident"} <= {kind.value for kind in JUDGES}


def test_packaged_claims_cover_both_episodes_and_become_rows():
    claims = packaged_claims()
    assert {claim.episode for claim in claims} == {"june-2026-restriction", "claude-outage"}
    rows = claim_frame(claims)
    assert rows.height == len(claims)
    assert {"TAO", "FET"} <= set(rows["asset_id"])
    assert {claim.peer for claim in claims if claim.kind == "lead_sustained"} == {"FET", "AGIX", "OCEAN"}


def test_own_claim_changes_only_the_keys_it_names():
    theirs, mine = ConfigText("theirs", GOOD), ConfigText("mine", '[[claim]]\nid = "one"\nhours = 12\n')
    one, two = read_claims(theirs, mine)
    assert (one.hours, one.rise, two.hours) == (12.0, 0.1, 24.0)


def test_own_claim_of_another_kind_replaces_the_packaged_one():
    mine = GOOD.replace('id = "two"', 'id = "one"').split("[[claim]]")[2]
    one, _two = read_claims(ConfigText("theirs", GOOD), ConfigText("mine", f"[[claim]]{mine}"))
    assert (one.kind, one.asset, one.at) == ("level", "FET", None)


def test_an_own_event_takes_the_place_of_the_packaged_instant():
    mine = ConfigText("mine", '[[claim]]\nid = "one"\nevent = "other-event"\n')
    one, _two = read_claims(ConfigText("theirs", GOOD), mine)
    assert (one.event, one.at, one.hours) == ("other-event", None, 6.0)


def test_every_wrong_entry_of_a_file_is_named_at_once():
    text = GOOD.replace("hours = 6", "hours = -6").replace("price = 10", "price = -10")
    with pytest.raises(ConfigError, match=r"(?s)line 11: claim 'one': hours: .*line 20: claim 'two': price: "):
        read_claims(ConfigText("my.toml", text))


def test_no_key_of_a_kind_is_taken_and_then_read_by_nobody():
    sources = [path.read_text() for path in (PROJECT / "analysis" / "claims").rglob("*.py")]
    read = {node.attr for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    keys = {name for kind in KINDS.values() for name in kind.model_fields}
    assert len(keys) > 20
    assert keys <= read

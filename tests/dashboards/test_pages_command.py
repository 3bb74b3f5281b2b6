"""`aftershock pages` and the step of a run say in a line what the disk or a setting refuses."""

import re

import pytest
import typer
from typer.testing import CliRunner

from flows.commands import pages
from flows.errors import EXIT_CHECK, EXIT_STORAGE, EXIT_USAGE, CommandError
from flows.settings import load_settings
from flows.steps.publish import write_pages
from tests.dashboards.material import NOW
from warehouse.processes import Crew


@pytest.fixture
def home(published, tmp_path, monkeypatch):
    """A home that holds the published episode and nothing else."""
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    (tmp_path / "aftershock.duckdb").write_bytes(published.read_bytes())
    return tmp_path


def test_the_command_writes_the_pages_and_prints_where(home):
    app = typer.Typer()
    pages.register(app)
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 0
    assert done.stdout.strip() == str(home / "site" / "index.html")
    assert (home / "site" / "index.html").is_file()


def test_proving_the_pages_counts_their_numbers_and_none_differs(home):
    app = typer.Typer()
    pages.register(app)
    done = CliRunner().invoke(app, ["--prove"])
    assert done.exit_code == 0
    assert re.search(r"[\d,]{5,} numbers on \d+ pages: 0 differ from the published file", done.stdout)


def test_a_number_that_no_value_is_named_for_ends_with_the_check_code(home):
    write_pages(load_settings(), NOW, lambda line: None, Crew(0))
    page = home / "site" / "now.html"
    page.write_text(page.read_text().replace("<h1>", "<h1>All 999 of them<b>and 8</b>", 1))
    with pytest.raises(
        CommandError, match=r"now\.html prints 'All 999 of them'.*\n.*now\.html prints 'and 8'"
    ) as caught:
        pages.prove_pages(home / "site")
    assert caught.value.exit_code == EXIT_CHECK


def test_a_page_that_differs_from_the_file_ends_with_the_check_code(home):
    write_pages(load_settings(), NOW, lambda line: None, Crew(0))
    page = home / "site" / "index.html"
    page.write_text(re.sub(r">[+−][\d.]+%</data>", ">+99.9%</data>", page.read_text(), count=1))
    with pytest.raises(CommandError, match=r"index\.html prints '\+99\.9%' where out\.\w+") as caught:
        pages.prove_pages(home / "site")
    assert caught.value.exit_code == EXIT_CHECK


def test_a_site_that_cannot_be_written_ends_with_the_storage_code(home):
    (home / "site").write_text("a file where the folder should be")
    with pytest.raises(CommandError, match=r"cannot write .*site.*; free space or set AFTERSHOCK_HOME") as caught:
        write_pages(load_settings(), NOW, lambda line: None, Crew(0))
    assert caught.value.exit_code == EXIT_STORAGE


def test_a_page_that_cannot_be_replaced_ends_with_the_storage_code(home):
    (home / "site" / "claims.html").mkdir(parents=True)
    with pytest.raises(CommandError, match=r"cannot write .*claims\.html") as caught:
        write_pages(load_settings(), NOW, lambda line: None, Crew(0))
    assert caught.value.exit_code == EXIT_STORAGE


def test_an_unfit_bundle_ends_with_the_usage_code(home, monkeypatch):
    (home / "other.js").write_text("/**\n* plotly.js v1.0.0\n*/")
    monkeypatch.setenv("AFTERSHOCK_PLOTLY_JS", str(home / "other.js"))
    with pytest.raises(CommandError, match=r"is not plotly\.js v") as caught:
        write_pages(load_settings(), NOW, lambda line: None, Crew(0))
    assert caught.value.exit_code == EXIT_USAGE

"""Pages drawn by two processes are those of one, and so is what is said when a page cannot be drawn."""

from multiprocessing import active_children
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

import dashboards.shell.site
from dashboards.shell.page import event_path
from dashboards.shell.site import build_site
from flows.errors import EXIT_STORAGE, CommandError
from flows.settings import load_settings
from flows.steps.publish import write_pages
from tests.dashboards.material import NOW
from warehouse.processes import Crew

# Planned last, so that the second process begins with it.
LAST = event_path("2026-07-01-restored")


@pytest.fixture
def small_parts(monkeypatch):
    """A few pages are enough for a second process, which draws the last ones."""
    monkeypatch.setattr(dashboards.shell.site, "_PAGES_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(dashboards.shell.site, "_PAGES_TOGETHER", 4)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def drawn_here(monkeypatch) -> set[str]:
    """The pages that this process drew; those of the other come back to it as drawn."""
    paths: set[str] = set()
    draw = dashboards.shell.site._Drawer.draw

    def noted(drawer, some):
        paths.update(some)
        return draw(drawer, some)

    monkeypatch.setattr(dashboards.shell.site._Drawer, "draw", noted)
    return paths


def test_two_processes_write_the_bytes_that_one_writes(published, site, tmp_path, small_parts, drawn_here):
    with Crew(1) as crew:
        report = build_site(published, tmp_path / "site", now=NOW, crew=crew)
    assert report.n_rendered == report.n_pages > 20
    drawn_elsewhere = report.rendered - drawn_here
    assert drawn_here
    assert LAST in drawn_elsewhere
    assert contents(tmp_path / "site") == contents(site)


def test_more_pages_are_drawn_from_larger_readings_up_to_a_bound(published, tmp_path, monkeypatch):
    sizes: list[int] = []
    draw = dashboards.shell.site._Drawer.draw
    monkeypatch.setattr(
        dashboards.shell.site._Drawer, "draw", lambda drawer, some: sizes.append(len(some)) or draw(drawer, some)
    )
    for least, readings, most, size in ((1, 4, 50, None), (1, 4, 2, 2), (7, 1_000, 50, 7)):
        for name, value in (("_PAGES_TOGETHER", least), ("_READINGS", readings), ("_MOST_TOGETHER", most)):
            monkeypatch.setattr(dashboards.shell.site, name, value)
        sizes.clear()
        n_pages = build_site(published, tmp_path / f"{least}-{most}", now=NOW).n_pages
        assert sizes[0] == (size or n_pages // readings)
        assert sum(sizes) == n_pages


def test_processes_that_begin_at_both_ends_meet_at_small_readings() -> None:
    paths = [str(number) for number in range(700)]
    parts = dashboards.shell.site._together(paths)
    sizes = [len(part) for part in parts]
    assert [path for part in parts for path in part] == paths
    assert sizes[0] == sizes[-1] == dashboards.shell.site._MOST_TOGETHER
    middle = len(sizes) // 2
    assert max(sizes[middle - 1 : middle + 2]) <= dashboards.shell.site._PAGES_TOGETHER
    assert dashboards.shell.site._together([]) == []


def test_where_no_process_can_be_started_all_is_drawn_here(
    published, site, tmp_path, monkeypatch, small_parts, drawn_here
):
    def refuse(process: SpawnProcess) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with Crew(1) as crew:
        report = build_site(published, tmp_path / "site", now=NOW, crew=crew)
    assert drawn_here == report.rendered
    assert contents(tmp_path / "site") == contents(site)


def test_few_pages_start_no_process(published, tmp_path, monkeypatch):
    monkeypatch.setattr(dashboards.shell.site, "_PAGES_WORTH_A_PROCESS", 1000)
    seen = []
    with Crew(1) as crew:
        build_site(published, tmp_path / "site", now=NOW, crew=crew, say=lambda line: seen.extend(active_children()))
    assert seen == []


def test_what_the_disk_refuses_a_second_process_ends_the_command_with_the_same_words(
    published, tmp_path, monkeypatch, small_parts
):
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    (tmp_path / "aftershock.duckdb").write_bytes(published.read_bytes())
    said = []
    for n_further in (0, 1):
        (tmp_path / "site" / LAST).mkdir(parents=True, exist_ok=True)
        with Crew(n_further) as crew, pytest.raises(CommandError, match=f"cannot write .*{LAST}") as caught:
            write_pages(load_settings(), NOW, lambda line: None, crew)
        said.append((str(caught.value), caught.value.exit_code))
    assert said[0] == said[1]
    assert said[0][1] == EXIT_STORAGE


def test_what_a_killed_process_leaves_is_drawn_here_and_told(published, site, tmp_path, small_parts):
    said: list[str] = []

    def kill(line: str) -> None:
        said.append(line)
        for process in active_children():
            process.kill()

    with Crew(1) as crew:
        report = build_site(published, tmp_path / "site", now=NOW, crew=crew, say=kill)
    assert report.n_rendered == report.n_pages
    assert said[-1] == "a second process was ended by signal 9, for want of memory perhaps: one drew the rest"
    assert contents(tmp_path / "site") == contents(site)


def test_ctrl_c_ends_the_other_process(published, tmp_path, small_parts):
    seen = []

    def interrupt(line: str) -> None:
        seen.extend(active_children())
        raise KeyboardInterrupt

    with Crew(1) as crew:
        with pytest.raises(KeyboardInterrupt):
            build_site(published, tmp_path / "site", now=NOW, crew=crew, say=interrupt)
        assert len(seen) == 1
        assert active_children() == []

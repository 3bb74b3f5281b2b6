"""Pictures to share: one for each measured event and each judged claim with bars, named by its page's tags."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.figures.claim_bars import draw_claim_bars
from dashboards.findings.readings import read_reactions
from dashboards.marks import bare
from dashboards.numbers import signed_rows
from dashboards.pages.claim import claimed_price
from dashboards.shell.cards import VERDICTS, shown_verdict
from dashboards.shell.frames import Frames
from dashboards.shell.manifest import hash_texts, write_if_changed, writing
from dashboards.shell.page import SHARED_FOLDER, claim_path, event_path, picture_path
from dashboards.shell.report import CARD_HEIGHT, CARD_WIDTH, card_of, event_card
from warehouse.tables.claims import CLAIM_BAR, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.terms import HIGH, market_name
from warehouse.tables.units import close_moment, limit_words

# What each picture was drawn from, so that an unchanged one is kept.
DRAWN_BEFORE = f"{SHARED_FOLDER}/drawn.json"
MAX_QUOTE = 70
# Pictures drawn between two looks at the clock, and how long one may take, in seconds.
AT_A_TIME, SECONDS_A_PICTURE = 8, 20
_TAGS = re.compile(
    r'<meta name="twitter:card" content="summary(?:_large_image)?">'
    r'(?:\n<meta property="og:image"[^>]*>\n<meta name="twitter:image"[^>]*>)?'
)


@dataclass(frozen=True, slots=True)
class Shared:
    """The pictures of a site: what each was drawn from, the address they are named by, and the pages that wait."""

    address: str = ""
    drawn: Mapping[str, str] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    reason: str = ""  # why none could be drawn, as it was last said

    @classmethod
    def read(cls, site: Path) -> Shared:
        """What the site's folder keeps of its pictures; nothing of a folder without any."""
        if not (site / DRAWN_BEFORE).is_file():
            return cls()
        kept = json.loads((site / DRAWN_BEFORE).read_text(encoding="utf-8"))
        return cls(kept["address"], kept["drawn"], frozenset(kept["waiting"]), kept["reason"])

    def write(self, site: Path) -> None:
        """Keep it in the site's folder."""
        kept = {
            "address": self.address,
            "drawn": dict(self.drawn),
            "waiting": sorted(self.waiting),
            "reason": self.reason,
        }
        write_if_changed(site / DRAWN_BEFORE, json.dumps(kept, indent=0, sort_keys=True).encode())

    def named(self, page: str, text: str) -> str:
        """The text of a page with its picture in its tags, where it has one."""
        name = picture_path(page)
        return with_picture(text, f"{self.address.rstrip('/')}/{name}") if self.address and name in self.drawn else text


@dataclass(frozen=True, slots=True)
class Drawing:
    """What was done: how many pages have a picture, how many were drawn, how many wait, and what went wrong."""

    n_pictures: int
    n_drawn: int
    n_waiting: int = 0
    problem: str = ""


def sweep_pictures(site: Path) -> None:
    """Remove the pictures whose page is gone, and their names; SiteError where the folder cannot be written."""
    folder = site / SHARED_FOLDER

    def has_page(picture: Path) -> bool:
        return (site / picture.relative_to(folder)).with_suffix(".html").is_file()

    kept = Shared.read(site)
    drawn = {name: text for name, text in kept.drawn.items() if has_page(site / name)}
    if drawn != kept.drawn:
        replace(kept, drawn=drawn).write(site)
    for picture in folder.rglob("*.png"):
        if not has_page(picture):
            with writing(picture):
                picture.unlink()


def worth_sharing(frames: Frames, rendered: Set[str], shared: Shared) -> frozenset[str]:
    """Of the pages just rendered those whose picture is drawn without being asked for, and those that wait for theirs.

    Events of high relevance, claims, and what has a picture already, which is of other numbers now.
    """
    events = frames.get(EVENT).filter((pl.col("relevance") == HIGH) & (pl.col("status") != "rejected"))
    worth = {event_path(event_id) for event_id in events["event_id"]}
    worth |= {claim_path(claim_id) for claim_id in frames.get(CLAIM_VERDICT)["claim_id"]}
    return frozenset(page for page in rendered | shared.waiting if page in worth or picture_path(page) in shared.drawn)


def share_site(
    site: Path,
    frames: Frames,
    address: str,
    browser: str,
    pages: Set[str] | None = None,
    has_time: Callable[[], bool] = lambda: True,
) -> Drawing:
    """Draw the pictures that changed, of `pages` or of all, while `has_time`, and name each in the tags of its page.

    `address` is where the site will stand: whoever shows a link reads an absolute address. Needs kaleido and the
    Chromium at `browser`.
    """
    before = Shared.read(site)
    cards = dict(share_cards(frames, pages))
    hashes = {picture_path(page): hash_texts(json.dumps(card, sort_keys=True)) for page, card in cards.items()}
    of_all = hashes if pages is None else {**before.drawn, **hashes}
    is_drawn = {name: before.drawn.get(name) == of_all[name] and (site / name).is_file() for name in of_all}
    changed = [page for page in cards if not is_drawn[picture_path(page)]]
    n_drawn, problem = _draw(site, [(page, cards[page]) for page in changed], browser, has_time)
    waiting = frozenset(changed[n_drawn:])
    drawn = {name: text for name, text in of_all.items() if (site / name).is_file()}
    stale = {picture_path(page): "" for page in waiting if picture_path(page) in drawn}
    after = Shared(address, {**drawn, **stale}, waiting, problem)
    after.write(site)
    for page in cards:
        if (site / page).is_file() and picture_path(page) in after.drawn:
            write_if_changed(site / page, after.named(page, (site / page).read_text(encoding="utf-8")).encode())
    for name in before.drawn.keys() - of_all.keys():
        (site / name).unlink(missing_ok=True)
    return Drawing(len(after.drawn), n_drawn, len(waiting), problem)


def _draw(
    site: Path, cards: list[tuple[str, dict[str, Any]]], browser: str, has_time: Callable[[], bool]
) -> tuple[int, str]:
    """Draw cards in their order, a few at a time, while there is time; how many, and what went wrong."""
    import kaleido  # type: ignore[import-untyped] # ships no types
    from kaleido.errors import KaleidoError  # type: ignore[import-untyped] # ships no types

    size = {"format": "png", "width": CARD_WIDTH, "height": CARD_HEIGHT}
    n_drawn = 0
    for start in range(0, len(cards), AT_A_TIME):
        if not has_time():
            break
        some = cards[start : start + AT_A_TIME]
        for page, _ in some:
            (site / picture_path(page)).parent.mkdir(parents=True, exist_ok=True)
        figures = [{"fig": card, "path": site / picture_path(page), "opts": size} for page, card in some]
        options = {"path": browser, "timeout": SECONDS_A_PICTURE}
        try:
            kaleido.write_fig_from_object_sync(figures, kopts=options, cancel_on_error=True)
        except (KaleidoError, RuntimeError, OSError) as exc:
            return n_drawn, f"{Path(browser).name} did not draw them: {type(exc).__name__} {exc}".strip()
        n_drawn += len(some)
    return n_drawn, ""


def share_cards(frames: Frames, pages: Set[str] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The page of each event and claim that has a picture, and the picture as a plotly figure with real colours.

    Of `pages` alone where they are named.
    """
    reactions = read_reactions(frames)
    for event in signed_rows(frames.get(EVENT).filter(pl.col("status") != "rejected"), EVENT):
        if pages is not None and event_path(event["event_id"]) not in pages:
            continue
        card = event_card(frames, event, reactions.get(event["event_id"], []))
        if card is not None:
            yield event_path(event["event_id"]), card
    for verdict in signed_rows(frames.get(CLAIM_VERDICT), CLAIM_VERDICT):
        bars = frames.part(CLAIM_BAR, "claim_id", verdict["claim_id"])
        if not bars.height or (pages is not None and claim_path(verdict["claim_id"]) not in pages):
            continue
        first = bars.filter(pl.col("market_id") == bars["market_id"][0])
        said = f"{VERDICTS[shown_verdict(verdict)][1]}: “{limit_words(verdict['quote'], MAX_QUOTE)}”"
        end = close_moment(first["close_time_utc"].max())  # type: ignore[arg-type] # an instant by contract
        foot = f"{market_name(first['market_id'][0])} · {end}"
        figure = draw_claim_bars(first, claimed_price(verdict, first))
        if figure.plot is not None:
            yield claim_path(verdict["claim_id"]), card_of(figure, said, bare(figure.title), foot)


def with_picture(text: str, address: str) -> str:
    """The text of a page with the picture at `address` in its tags, in place of one that was named before."""
    shown = html.escape(address)
    tags = (
        '<meta name="twitter:card" content="summary_large_image">\n'
        f'<meta property="og:image" content="{shown}">\n<meta name="twitter:image" content="{shown}">'
    )
    return _TAGS.sub(lambda _: tags, text, count=1)

"""Pictures to share: one for each measured event and each judged claim with bars, named by its page's tags."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
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
from dashboards.shell.manifest import hash_texts, write_if_changed
from dashboards.shell.page import SHARED_FOLDER, claim_path, event_path, picture_path
from dashboards.shell.report import CARD_HEIGHT, CARD_WIDTH, card_of, event_card
from warehouse.tables.claims import CLAIM_BAR, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.terms import market_name
from warehouse.tables.units import close_moment, limit_words

# What each picture was drawn from, so that an unchanged one is kept.
DRAWN_BEFORE = f"{SHARED_FOLDER}/drawn.json"
MAX_QUOTE = 70
_TAGS = re.compile(
    r'<meta name="twitter:card" content="summary(?:_large_image)?">'
    r'(?:\n<meta property="og:image"[^>]*>\n<meta name="twitter:image"[^>]*>)?'
)


def share_site(site: Path, frames: Frames, address: str, browser: str) -> tuple[int, int]:
    """Draw the pictures that changed and name each in the tags of its page; how many there are, how many were drawn.

    `address` is where the site will stand: whoever shows a link reads an absolute address. Needs kaleido and the
    Chromium at `browser`.
    """
    import kaleido  # type: ignore[import-untyped] # ships no types

    before = json.loads((site / DRAWN_BEFORE).read_text(encoding="utf-8")) if (site / DRAWN_BEFORE).exists() else {}
    after: dict[str, str] = {}
    changed = []
    for page, card in share_cards(frames):
        name = picture_path(page)
        after[name] = hash_texts(json.dumps(card, sort_keys=True))
        if before.get(name) != after[name] or not (site / name).is_file():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            size = {"format": "png", "width": CARD_WIDTH, "height": CARD_HEIGHT}
            changed.append({"fig": card, "path": site / name, "opts": size})
        name_picture(site / page, f"{address.rstrip('/')}/{name}")
    if changed:
        kaleido.write_fig_from_object_sync(changed, kopts={"path": browser}, cancel_on_error=True)
    for name in before.keys() - after.keys():
        (site / name).unlink(missing_ok=True)
    (site / SHARED_FOLDER).mkdir(exist_ok=True)
    write_if_changed(site / DRAWN_BEFORE, json.dumps(after, indent=0, sort_keys=True).encode())
    return len(after), len(changed)


def share_cards(frames: Frames) -> Iterator[tuple[str, dict[str, Any]]]:
    """The page of each event and claim that has a picture, and the picture as a plotly figure with real colours."""
    reactions = read_reactions(frames)
    for event in signed_rows(frames.get(EVENT).filter(pl.col("status") != "rejected"), EVENT):
        card = event_card(frames, event, reactions.get(event["event_id"], []))
        if card is not None:
            yield event_path(event["event_id"]), card
    for verdict in signed_rows(frames.get(CLAIM_VERDICT), CLAIM_VERDICT):
        bars = frames.part(CLAIM_BAR, "claim_id", verdict["claim_id"])
        if not bars.height:
            continue
        first = bars.filter(pl.col("market_id") == bars["market_id"][0])
        said = f"{VERDICTS[shown_verdict(verdict)][1]}: “{limit_words(verdict['quote'], MAX_QUOTE)}”"
        end = close_moment(first["close_time_utc"].max())  # type: ignore[arg-type] # an instant by contract
        foot = f"{market_name(first['market_id'][0])} · {end}"
        figure = draw_claim_bars(first, claimed_price(verdict, first))
        if figure.plot is not None:
            yield claim_path(verdict["claim_id"]), card_of(figure, said, bare(figure.title), foot)


def name_picture(page: Path, address: str) -> None:
    """Name the picture in the tags of a page, in place of one that was named before."""
    if not page.is_file():
        return
    shown = html.escape(address)
    tags = (
        '<meta name="twitter:card" content="summary_large_image">\n'
        f'<meta property="og:image" content="{shown}">\n<meta name="twitter:image" content="{shown}">'
    )
    text = page.read_text(encoding="utf-8")
    write_if_changed(page, _TAGS.sub(lambda _: tags, text, count=1).encode())

"""A page of the site: its text, its files, and the shell around it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from dashboards.figures.figure import Figure, figure_csv, render_figure, script_json
from dashboards.figures.still import draw_still
from dashboards.fill import fill, macro
from dashboards.glossary import definitions
from dashboards.marks import tagged
from dashboards.origins import sources_of
from dashboards.shell.tables import NOTHING

NAVIGATION = (
    ("Overview", "index.html"),
    ("Now", "now.html"),
    ("Events", "events.html"),
    ("Tokens", "tokens.html"),
    ("Categories", "categories.html"),
    ("Correlations", "correlations.html"),
    ("Claims", "claims.html"),
    ("Providers", "providers.html"),
    ("Resilience", "resilience.html"),
    ("Data health", "health.html"),
    ("Methods", "methods.html"),
    ("Search", "search.html"),
)

SHARED_FOLDER = "share"
_SOURCES_HERE = "[sources]"
_DIGEST_LETTERS = 8
_UNSAFE_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML page and the files that belong to it; `path` is relative to the site's folder."""

    path: str
    section: str
    title: str
    description: str
    body: Markup
    as_of: str = ""
    # Whether the page follows the newest bars: only then is an old end of the data a fault of the schedule.
    is_live: bool = False
    scripts: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The way from this page up to the site's folder."""
        return "../" * self.path.count("/")


class Canvas:
    """Collects the figures of one page while its body is composed: each adds its CSV to the page's files.

    The first one stands on the page as a drawing too, so that a reader sees it with the words.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.root = "../" * path.count("/")
        self.files: dict[str, str] = {}
        self.has_plot = False

    def draw(self, figure: Figure) -> Markup:
        """The figure as HTML; its numbers become a CSV file beside the page."""
        csv_path = f"data/{self.path.removesuffix('.html')}/{figure.figure_id}.csv"
        if figure.frame.height:
            self.files[csv_path] = figure_csv(figure)
        plot = figure.plot if figure.why_empty is None else None
        # The mark of invented data is part of the plot alone.
        still = draw_still(plot) if plot and not self.has_plot and not figure.is_simulated else NOTHING
        self.has_plot |= plot is not None
        return render_figure(figure, self.root + csv_path, still)


def file_name(identifier: str) -> str:
    """An identifier as a file name: letters, digits, dot, dash, underscore; never hidden, never empty.

    One that had to be changed carries the start of its digest, so that no two identifiers share a file.
    """
    safe = _UNSAFE_IN_NAMES.sub("-", identifier).strip(".-")
    if safe == identifier and safe:
        return safe
    return f"{safe or 'unnamed'}-{hashlib.sha256(identifier.encode()).hexdigest()[:_DIGEST_LETTERS]}"


def event_path(event_id: str) -> str:
    """The page of an event."""
    return f"events/{file_name(event_id)}.html"


def claim_path(claim_id: str) -> str:
    """The page of a claim."""
    return f"claims/{file_name(claim_id)}.html"


def picture_path(page: str) -> str:
    """The picture to share of a page, where one is drawn."""
    return f"{SHARED_FOLDER}/{page.removesuffix('.html')}.png"


def token_path(asset_id: str) -> str:
    """The page of a token."""
    return f"tokens/{file_name(asset_id)}.html"


def safe_link(url: str | None, text: str) -> Markup:
    """A link for http and https addresses, the bare text for anything else."""
    if url and url.startswith(("https://", "http://")):
        return macro("parts", "outward", url, text)
    return escape(text)


def render_page(page: Page) -> str:
    """The complete HTML document, in which every number that knows its origin stands in an element with it."""
    html, sources = tagged(_shell(page))
    return html.replace(_SOURCES_HERE, script_json(sources_of(sources)), 1)


def _shell(page: Page) -> str:
    return fill(
        "page.html.jinja",
        title=page.title,
        description=page.description,
        root=page.root,
        nav=NAVIGATION,
        section=page.section,
        page_path=page.path,
        body=page.body,
        as_of=page.as_of,
        is_live=page.is_live,
        scripts=page.scripts,
        definitions=definitions(page.body),
        sources=_SOURCES_HERE,
    )

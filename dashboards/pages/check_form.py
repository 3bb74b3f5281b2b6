"""The page on which a text is pasted or dropped to be checked; a server alone can answer it."""

from __future__ import annotations

from dashboards.fill import fill
from dashboards.shell.page import Page, render_page


def draw_check_form() -> str:
    """The empty form, complete; it posts `text` and `said` to the address `check` beside it."""
    title, description = "Check a text", "Judge every statement about a price in a text by the stored bars."
    body = fill("check.html")
    page = Page("check.html", "Claims", title, description, body, scripts=("assets/check.js",))
    # The pages' own policy forbids forms; this one posts to its own server, which tells other sites by the origin.
    html = render_page(page).replace("form-action 'none'", "form-action 'self'", 1)
    return html.replace('content="no-referrer"', 'content="same-origin"', 1)

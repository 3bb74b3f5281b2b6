"""The page on which a text is pasted or dropped and comes back with its statements marked."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from dashboards.pages.check_form import draw_check_form
from dashboards.shell.manifest import SiteError, write_if_changed
from flows.checking.checker import Checker, stated_time
from flows.errors import CommandError
from warehouse.config import ConfigError
from warehouse.store.errors import StoreError
from warehouse.tables.units import iso_day

# An article is shorter than this, in bytes of the form that brings it.
LARGEST_FORM = 2_000_000
# Where answers lie that the form asked to keep: the folder of the home, and their address.
KEPT = "checked"
_NAME_LETTERS = 12


def show_form(_request: Request) -> Response:
    """The empty form."""
    return HTMLResponse(draw_check_form())


async def answer_form(request: Request, published_path: Path, kept_path: Path, now: datetime) -> Response:
    """The marked text of a posted form; 403 from another site, 413 for one that is too long, 400 for one unread.

    Where the form asks for it the page is written below `kept_path`, and the answer leads to its address there.
    """
    origin = request.headers.get("origin")
    # The host was checked already; a page of another port of this machine is another site too.
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return PlainTextResponse("Only the page of this server may ask.", status_code=403)
    body = await _read_body(request)
    if body is None:
        return PlainTextResponse(f"A text of more than {LARGEST_FORM} bytes is no article.", status_code=413)
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return PlainTextResponse("The form is no UTF-8 text.", status_code=400)
    text, said, keep = (fields.get(name, [""])[0] for name in ("text", "said", "keep"))
    if not text.strip():
        return PlainTextResponse("The text is empty.", status_code=400)
    try:
        page = await run_in_threadpool(_check, text, said.strip(), published_path, now)
        if not keep:
            return HTMLResponse(page)
        name = _keep(page, kept_path, now)
    except (CommandError, ConfigError) as error:
        return PlainTextResponse(str(error), status_code=400)
    except (StoreError, SiteError) as error:
        return PlainTextResponse(str(error), status_code=503)
    return RedirectResponse(f"{KEPT}/{name}", status_code=303)


def _keep(page: str, kept_path: Path, now: datetime) -> str:
    """Write the page of an answer and return the name of its file, which another answer never has."""
    name = f"{iso_day(now)}-{sha256(page.encode()).hexdigest()[:_NAME_LETTERS]}.html"
    write_if_changed(kept_path / name, page.encode())
    return name


async def _read_body(request: Request) -> bytes | None:
    """The bytes of the form; None as soon as they are too many."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            return None
    return bytes(body)


def _check(text: str, said: str, published_path: Path, now: datetime) -> str:
    from analysis.claims.check.datelines import dateline
    from analysis.claims.check.markup import published_time
    from flows.checking.output import as_html

    at = stated_time({"id": "said on", "said_at_utc": said}) if said else published_time(text) or dateline(text)
    return as_html(Checker(published_path).check(text, at or now.astimezone(UTC)))

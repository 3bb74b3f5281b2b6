"""`aftershock serve`: schedules and pages until interrupted."""

from typing import Annotated

import typer

from flows.options import PAGES_PORT, port_option
from flows.output import talk

# So many passes in a row that did not end are a missing run; the first full pass of a home may take several.
MISSING_AFTER_PASSES = 15


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("serve")(serve)


def serve(
    prices_every: Annotated[int, typer.Option(min=1, help="Minutes between price passes.")] = 2,
    news_every: Annotated[int, typer.Option(min=1, help="Minutes between news passes.")] = 2,
    prefect_port: Annotated[int, port_option("Port of Prefect's server, on loopback.", is_any_allowed=False)] = 4200,
    pages_port: Annotated[int, port_option("Port of the pages, on loopback; 0 takes any free one.")] = PAGES_PORT,
) -> None:
    """Run prices, news and the daily pass on their schedules, and show the pages on loopback.

    Uses the Prefect server of PREFECT_API_URL when that is set, else starts its own. Ctrl-C stops everything.

    Example: aftershock serve --prices-every 5 --news-every 2
    """
    from datetime import timedelta
    from functools import partial

    from flows.alerts.runs import watch_runs
    from flows.serve.children import stop_on_sigterm
    from flows.serve.look import PAGES_FILE, WORD_FILE
    from flows.serve.server import prefect_server, schedules, wait_for_interrupt
    from flows.serve.turns import serve_alone
    from flows.serve.web import pages_server
    from flows.settings import load_settings

    settings = load_settings()
    with stop_on_sigterm(), serve_alone(settings.home), pages_server(settings, pages_port) as pages_url:
        (settings.home / PAGES_FILE).write_text(pages_url, encoding="utf-8")
        talk(f"pages: {pages_url} (state of the schedules: {pages_url}health)")
        talk("starting Prefect's server …")
        with (
            prefect_server(settings, prefect_port) as api,
            schedules(settings, api, prices_every, news_every) as process,
        ):
            talk(f"schedules: prices every {prices_every} min, news every {news_every} min, all daily; {api.ui_url}")
            if api.secret is not None:
                talk(f"Prefect's page asks for a word: paste the line of {settings.home / WORD_FILE}")
            longest = timedelta(minutes=MISSING_AFTER_PASSES * max(prices_every, news_every))
            watch = partial(watch_runs, settings, longest)
            wait_for_interrupt(api, process, settings.home, talk, watch)

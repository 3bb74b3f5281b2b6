"""Tell people: note what is new before the publication, send it when the pages stand."""

from __future__ import annotations

from flows.alerts.delivery import deliver
from flows.alerts.noticing import notice
from flows.alerts.rules import load_rules
from flows.context import RunContext, StepReport
from warehouse.tables.units import plural


def notice_alerts(context: RunContext) -> StepReport:
    """Note what each rule of `alerts.toml` tells for the first time; without the file nothing is."""
    rules = load_rules(context.settings.config_path)
    if not rules:
        return StepReport(0, "nobody is told: there is no alerts.toml")
    n_due = notice(context.warehouse, rules, context.now)
    return StepReport(n_due, f"{plural(n_due, 'notification')} noted for {plural(len(rules), 'rule')}")


def deliver_alerts(context: RunContext) -> StepReport:
    """Send what waits; an address that cannot be reached is a problem, and is tried again by the next run."""
    rules = load_rules(context.settings.config_path)
    if not rules:
        return StepReport(0, "nobody is told: there is no alerts.toml")
    done = deliver(context.warehouse, rules, context.now, context.settings.site_path)
    return StepReport(0, f"{plural(done.n_sent, 'notification')} sent", done.problems)

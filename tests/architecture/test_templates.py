"""Markup stands in templates; Python gives values."""

from __future__ import annotations

import ast

import pytest

from tests.paths import PROJECT

# Where Python marks a text as markup that needs no escaping, how often, and why.
MARKED = {
    "dashboards/fill.py": (1, "a filled template"),
    "dashboards/glossary.py": (1, "the button that templates themselves ask for"),
    "dashboards/shell/tables.py": (4, "nothing, joined cells, headings without tags, sentences with commands"),
    "dashboards/figures/figure.py": (2, "joined cells, and JSON whose every < is escaped"),
    "dashboards/figures/still.py": (1, "labels of a plot, whose own texts are escaped for the plot"),
    "dashboards/articles/article.py": (4, "our own colours and fonts in a style, joined lines"),
    "dashboards/articles/claim_review.py": (2, "JSON whose every < is escaped"),
}


def marked(source: str) -> int:
    """How often a source calls Markup."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return sum(isinstance(call.func, ast.Name) and call.func.id == "Markup" for call in calls)


def test_python_marks_text_only_where_a_reason_is_given() -> None:
    found = {
        str(path.relative_to(PROJECT)): n
        for path in sorted((PROJECT / "dashboards").rglob("*.py"))
        if (n := marked(path.read_text(encoding="utf-8")))
    }
    assert found == {name: n for name, (n, _) in MARKED.items()}, "put it into a template of dashboards/templates"


@pytest.mark.parametrize(("source", "n"), [('x = Markup("<b>{}</b>").format(n)', 1), ('x: Markup = strong("a")', 0)])
def test_a_marked_text_is_seen(source: str, n: int) -> None:
    assert marked(source) == n

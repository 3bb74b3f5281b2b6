"""Templates filled with values: bodies of pages, and the parts that pages and figures share."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from dashboards.glossary import tip


def fill(template: str, **values: Any) -> Markup:
    """A template of `dashboards/templates` filled with values; an absent one is an error."""
    return Markup(_template(template).render(**values))  # noqa: S704 - the template escapes every value


def macro(file: str, name: str, *values: Any, **named: Any) -> Markup:
    """A part of a page: the macro `name` of `file`.html.jinja filled with values; an absent one is an error."""
    filled: Markup = _macro(file, name)(*values, **named)
    return filled


@cache
def _macro(file: str, name: str) -> Any:
    return getattr(_template(f"{file}.html.jinja").module, name)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined)
    environment.globals["tip"] = tip
    return environment


def _source(name: str) -> str:
    return (files("dashboards") / "templates" / name).read_text(encoding="utf-8")

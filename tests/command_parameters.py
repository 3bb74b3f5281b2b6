"""Every parameter of every command, as its function declares it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ParameterInfo

from flows.cli import app, register_commands


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one command: words that start the command, its name, its type inside Optional and list."""

    path: str
    name: str
    kind: Any
    info: ParameterInfo
    is_required: bool

    @property
    def option(self) -> str | None:
        """What a person types before the value; None for an argument."""
        if isinstance(self.info, typer.models.ArgumentInfo):
            return None
        declared = [word for word in self.info.param_decls or () if word.startswith("--")]
        return declared[0] if declared else "--" + self.name.replace("_", "-")

    @property
    def shown_name(self) -> str:
        """How an error names it."""
        return self.option or str(self.info.metavar)


def parameters_of(function: Callable[..., Any], path: str) -> Iterator[Parameter]:
    """The parameters of one command's function, the context apart."""
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if hints[name] is typer.Context:
            continue
        kind, *metadata = get_args(hints[name]) if get_origin(hints[name]) is Annotated else (hints[name],)
        info = next((part for part in metadata if isinstance(part, ParameterInfo)), typer.models.OptionInfo())
        yield Parameter(path, name, _inner(kind), info, parameter.default is inspect.Parameter.empty)


def all_parameters() -> list[Parameter]:
    """Every parameter of the real command line."""
    if not app.registered_commands:
        register_commands()
    return list(_walk(app, ""))


def _walk(group: typer.Typer, path: str) -> Iterator[Parameter]:
    for command in group.registered_commands:
        if command.callback is not None:
            yield from parameters_of(command.callback, f"{path} {command.name}".strip())
    for part in group.registered_groups:
        inner = part.typer_instance
        assert inner is not None
        name = part.name if isinstance(part.name, str) else inner.info.name
        if inner.registered_callback and inner.registered_callback.callback:
            yield from parameters_of(inner.registered_callback.callback, f"{path} {name}".strip())
        yield from _walk(inner, f"{path} {name}".strip())


def _inner(kind: Any) -> Any:
    """The type inside Optional and list."""
    if get_origin(kind) in (Union, types.UnionType):
        return _inner(next(part for part in get_args(kind) if part is not type(None)))
    return _inner(get_args(kind)[0]) if get_origin(kind) is list else kind

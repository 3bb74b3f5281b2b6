"""How words keep the origin of the value they were written from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, Protocol, runtime_checkable

P = ParamSpec("P")
# Values of these types know no origin: most of what is written, and told at once.
_PLAIN = frozenset({float, int, str, datetime, date, timedelta, type(None)})


@runtime_checkable
class Signing(Protocol):
    """A value that knows its origin: it signs the words written from it."""

    def sign(self, words: str, form: str) -> str:
        """`words` with the mark of where they come from; `form` names the writer and its other arguments."""

    def unsigned(self) -> Any:
        """The value alone."""


def signs(writer: Callable[P, str]) -> Callable[P, str]:
    """A writer whose words are signed when its value knows its origin.

    The form names the writer and its other arguments, so that whoever has the value can write the same words again.
    """

    @wraps(writer)
    def write(*arguments: P.args, **named: P.kwargs) -> str:
        value = arguments[0]
        if type(value) in _PLAIN or not hasattr(value, "sign"):
            return writer(*arguments, **named)
        signing: Signing = value  # type: ignore[assignment] # it has the one method that is asked for
        words = writer(signing.unsigned(), *arguments[1:], **named)  # type: ignore[arg-type] # as it was called
        rest = (*(str(part) for part in arguments[1:]), *(f"{name}={part}" for name, part in named.items()))
        return signing.sign(words, ":".join((writer.__name__, *rest)))

    return write

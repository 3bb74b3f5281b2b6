"""Show on stderr what a run is doing: a spinner on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.status import Status


class Progress:
    """A context that shows the latest sentence given to `say`."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._status = Status("starting …", console=console) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def say(self, sentence: str) -> None:
        """Show `sentence` until the next one."""
        if self._status:
            self._status.update(sentence)

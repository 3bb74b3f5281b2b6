"""Errors that end a command with a documented exit code."""

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_SOURCE = 3
EXIT_CHECK = 4
EXIT_BUSY = 5
EXIT_STORAGE = 6


class CommandError(Exception):
    """A command cannot do what was asked; the message says what, where, what was expected and what to do."""

    def __init__(self, message: str, exit_code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code

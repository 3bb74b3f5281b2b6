"""Run a module as a program that ends with its parent: `python -m flows.serve.guarded PID MODULE ARGUMENTS`."""

from __future__ import annotations

import runpy
import sys

from flows.serve.children import end_with_parent


def main() -> None:
    """Watch the parent, then be the module."""
    parent_pid, module, *arguments = sys.argv[1:]
    end_with_parent(int(parent_pid))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""Turn a process that was just forked into what a freshly started interpreter with a kernel would be."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Request", "become_kernel", "parent_death_signal"]

_PR_SET_PDEATHSIG: Final = 1
_LAUNCHER: Final = "ipykernel_launcher"


@dataclass(frozen=True)
class Request:
    """What a kernel is asked for.

    Parameters
    ----------
    arguments : tuple of str
        The kernel's command line after the name of its module.
    cwd : str
        The folder that it runs in.
    environment : dict of str to str
        Its environment, whole.
    """

    arguments: tuple[str, ...]
    cwd: str
    environment: dict[str, str]

    @classmethod
    def of(cls, message: dict[str, Any]) -> Request:
        """Return the request that a message makes."""
        environment = {str(name): str(value) for name, value in message["environment"].items()}
        return cls(tuple(map(str, message["arguments"])), str(message["cwd"]), environment)


def parent_death_signal() -> Callable[[int], None]:
    """Return a function that has the kernel of Linux send a signal when this process's parent dies.

    Looked up before the fork; elsewhere it does nothing, and ipykernel's own watch over its parent ends the kernel.
    """
    if not sys.platform.startswith("linux"):
        return lambda _: None
    control = ctypes.CDLL(None, use_errno=True).prctl

    def ask(signum: int) -> None:
        control(_PR_SET_PDEATHSIG, signum, 0, 0, 0)

    return ask


def become_kernel(request: Request, parent: int, added: Mapping[str, str]) -> None:
    """Run a kernel in this process, until it ends.

    Parameters
    ----------
    request : Request
        Arguments, folder and environment of the kernel.
    parent : int
        Process id of the server, which looks after this process.
    added : mapping of str to str
        Variables that libraries set when they were imported.
    """
    _reset_signals()
    environment = {**added, **request.environment, "JPY_PARENT_PID": str(parent)}
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(request.cwd)
    found = importlib.util.find_spec(_LAUNCHER)
    sys.argv = [str(found.origin) if found is not None else _LAUNCHER, *request.arguments]
    _forget_random_numbers()
    gc.enable()
    from ipykernel import kernelapp  # noqa: PLC0415

    kernelapp.launch_new_instance()


def _reset_signals() -> None:
    """Take back what the server changed."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _forget_random_numbers() -> None:
    """Seed from the system what was seeded when the server started; `random` sees to itself."""
    import numpy as np  # noqa: PLC0415

    np.random.seed()  # noqa: NPY002 - the state that a notebook might use

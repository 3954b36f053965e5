"""What tests of processes share: whether one has ended, and a handler that raises."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil


class Interrupted(BaseException):
    """What the handler of `interrupted_by` raises."""


@contextmanager
def interrupted_by(number: signal.Signals) -> Iterator[Callable[..., None]]:
    """Have a signal raise `Interrupted` inside the block; yields the handler that does."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(number, interrupt)
    try:
        yield interrupt
    finally:
        signal.signal(number, before)


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Return whether a process ends within some seconds; a zombie has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False

"""What an interruption must not cut in two: it waits until that is done."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker

__all__ = ["blocked", "uninterrupted"]


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Have an interruption of this process wait until the end of the block, where it is raised.

    To block the signals is not enough: another thread, a library's, takes them for this process, and Python raises them
    in the main one.
    """
    waiting: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = {number: handler for number, handler in before.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        heard = {}  # only the main thread is interrupted
    try:
        for number in heard:
            signal.signal(number, lambda which, _: waiting.append(which))
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
        if waiting:
            heard[signal.Signals(waiting[0])](waiting[0], None)


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Block the signals of an interruption in this thread, and in the processes that it starts until they are ready."""
    if sys.platform == "win32":
        yield
        return
    # Where this has to be started first, it lets signals through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

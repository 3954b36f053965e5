"""What an interruption must not cut in two: it waits until that is done."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from types import FrameType

__all__ = ["blocked", "uninterrupted"]


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Have an interruption of this process wait until the end of the block, where it is raised.

    To block the signals is not enough: another thread, a library's, takes them for this process, and Python raises them
    in the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handlers: dict[int, Callable[[int, FrameType | None], object]] = {
        number: handler for number, handler in before.items() if callable(handler)
    }
    waiting: list[int] = []
    is_over = False

    def wait(number: int, frame: FrameType | None) -> None:
        if is_over:  # another signal interrupts what follows, and this handler has not been replaced
            handlers[number](number, frame)
        else:
            waiting.append(number)

    try:
        for number in handlers:
            signal.signal(number, wait)
        yield
    finally:
        is_over = True
        with contextlib.ExitStack() as stack:
            for number in reversed(waiting):
                stack.callback(handlers[number], number, None)
            for number, handler in handlers.items():
                stack.callback(signal.signal, number, handler)


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

"""How a process for cells is started and ended: forked from a warm one, or as a fresh interpreter.

Both look the same to a notebook. A fork starts with every import done, and what it changes is nobody else's.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, Protocol

from research.reporting.interruption import uninterrupted

__all__ = [
    "CELL_ENVIRONMENT",
    "WARM_ENVIRONMENT",
    "WARM_PREFERENCES",
    "CellProcess",
    "can_fork",
    "note_path",
]

_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

CELL_ENVIRONMENT: Final[Mapping[str, str]] = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONHASHSEED": "0",
    # Threads divide a sum by the number of processors: one thread gives the same digits on every machine. A process
    # that is forked may have no other thread either, and workers side by side share the processors themselves.
    **dict.fromkeys(_THREADS, "1"),
}
"""Variables of every process that runs cells, forked or fresh."""

WARM_ENVIRONMENT: Final[Mapping[str, str]] = {
    **CELL_ENVIRONMENT,
    # Arrow's allocator would keep a thread of its own.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # No module in the folder at hand may stand in for one of ours.
    "PYTHONSAFEPATH": "1",
}
"""Variables of the process that others are forked from."""

WARM_PREFERENCES: Final[Mapping[str, str]] = {
    # A run lives for seconds: memory given back to the system is asked for again, and each page costs a fault.
    "MALLOC_MMAP_THRESHOLD_": str(256 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""Variables of that process where its owner has not set them."""

_START: Final = """
import sys
sys.path[:] = [place for place in sys.path if place]
from research.reporting.cells import main
main()
"""
"""As ``python -m research.reporting.cells``, but no module in the folder at hand can stand in for one of ours."""

_path: list[str] = []


def can_fork() -> bool:
    """Return whether processes can be forked here: on Linux. The system libraries of macOS do not survive a fork."""
    return sys.platform.startswith("linux") and hasattr(os, "fork")


def note_path() -> None:
    """Keep where this process, a warm one, finds modules: forks look there, wherever their parent looks by then."""
    _path[:] = [place for place in sys.path if place]


def _is_ready() -> bool:
    """Return whether a fork of this process would be like a fresh interpreter, and safe."""
    tasks = Path("/proc/self/task")
    threads = len(os.listdir(tasks)) if tasks.is_dir() else threading.active_count()  # noqa: PTH208 - names are enough
    return can_fork() and bool(_path) and threads == 1


class _Process(Protocol):
    """What is needed of `subprocess.Popen`."""

    pid: int

    def wait(self) -> int:
        """Wait until it has ended, and return how."""

    def kill(self) -> None:
        """Kill it."""


class _Fork:
    """A forked process with that face."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class CellProcess:
    """A process that runs cells, in a group of its own; to be ended, also where it has ended itself.

    Parameters
    ----------
    folder : pathlib.Path
        A private temporary folder.
    preload : sequence of str
        Names of modules that a fresh one imports while it waits for cells; a fork has its imports.

    Attributes
    ----------
    folder : pathlib.Path
        That folder.
    requests, answers : binary streams
        See `research.reporting.cells.serve`.
    """

    def __init__(self, folder: Path, preload: Sequence[str] = ()) -> None:
        self.folder = folder
        self._status: int | None = None
        with uninterrupted():
            self._process, self.requests, self.answers = _forked(folder) if _is_ready() else _fresh(folder, preload)

    def end(self) -> int:
        """Kill it and what it has started, and return how it ended: a code, or less than 0 for a signal."""
        if self._status is None:
            # Until it is waited for its group's number is its own.
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self._process.kill()
            self._status = self._process.wait()
            for stream in (self.requests, self.answers):
                with contextlib.suppress(OSError):
                    stream.close()
        return self._status


_Started = tuple[_Process, IO[bytes], IO[bytes]]


def _fresh(folder: Path, preload: Sequence[str]) -> _Started:
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and nothing from outside
            [sys.executable, "-c", _START, str(folder), *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **CELL_ENVIRONMENT},
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    return process, process.stdin, process.stdout


def _forked(folder: Path) -> _Started:
    import research.reporting.cells  # noqa: F401, PLC0415 - not in the fork, and IPython where cells run only

    (requests, ask), (answers, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for end in (ask, answers):
                os.close(end)
            _become_cells(requests, answer, folder)
        finally:
            os._exit(1)
    for end in (requests, answer):
        os.close(end)
    return _Fork(pid), os.fdopen(ask, "wb"), os.fdopen(answers, "rb")


def _forget_warnings() -> None:
    """Forget which warnings were given: they belong to runs. The filters that libraries have set stay, as they do."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(names, dict):  # among the modules are objects that only look like one
            names.pop("__warningregistry__", None)
    warnings.onceregistry.clear()  # type: ignore[attr-defined]


def _become_cells(requests: int, answer: int, folder: Path) -> None:
    """Turn this process, just forked, into what a fresh one would be, and run cells."""
    from research.reporting.cells import serve  # noqa: PLC0415

    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.environ.update(CELL_ENVIRONMENT)
    time.tzset()
    tempfile.tempdir = None
    sys.path[:] = ["", *_path]
    sys.argv = [""]
    _forget_pool()
    _forget_warnings()
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    serve(os.fdopen(requests, "rb"), os.fdopen(answer, "wb"), str(folder))


def _forget_pool() -> None:
    """Forget that this process was a worker's: cells may start processes of their own."""
    import multiprocessing  # noqa: PLC0415 - loaded in every worker

    multiprocessing.current_process().daemon = False
    multiprocessing.set_start_method(None, force=True)

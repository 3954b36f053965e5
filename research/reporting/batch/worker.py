"""A process that runs one report after the other; its exporter and its imports stay loaded between them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from research.reporting.batch.executor import KINDS, Outcome, failure_of
from research.reporting.batch.plan import PlannedRun

__all__ = ["Settings", "Work", "run_planned", "serve"]

_GRACE: Final = 5.0
"""Seconds in which a worker whose owner is gone may end its kernel."""


@dataclass(frozen=True)
class Settings:
    """What every run of a batch shares.

    Parameters
    ----------
    timeout : int
        Seconds that one cell may take.
    kernel_server : str or None
        Address of the process that forks kernels.
    scratch : str
        A private temporary folder; its owner removes it.
    directory : str
        Working directory, to which paths in parameters are relative.
    environment : mapping of str to str
        Environment variables.
    """

    timeout: int
    kernel_server: str | None
    scratch: str
    directory: str
    environment: Mapping[str, str]


Work = Callable[[PlannedRun, Settings], Outcome]
"""Runs one run; a function at the top of a module, because it travels to a process by name."""


def run_planned(run: PlannedRun, settings: Settings) -> Outcome:
    """Run one report in a temporary folder and return its files; never raises for what a run can do wrong.

    Parameters
    ----------
    run : PlannedRun
        What to run.
    settings : Settings
        With what.
    """
    place = settings.scratch
    try:
        with _folder(settings.scratch) as folder:
            place = str(folder)
            return _run(run, settings, folder)
    except Exception as error:  # noqa: BLE001 - the other runs of the batch go on, whatever this one met
        return Outcome({}, failure_of(error, place))


def _run(run: PlannedRun, settings: Settings, folder: Path) -> Outcome:
    from research.reporting.run import run_report  # noqa: PLC0415 - in the worker only

    # The bytes that were planned, not those that lie there by now: the key is of them.
    source = folder / "notebook.ipynb"
    source.write_bytes(run.content)
    result = run_report(
        source,
        run.given,
        folder / "reports",
        timeout=settings.timeout,
        kernel_server=settings.kernel_server,
        name=run.notebook,
        stem=run.id,
    )
    paths = {kind: getattr(result, kind) for kind in KINDS}
    return Outcome({kind: path.read_bytes() for kind, path in paths.items()}, result.failure)


@contextlib.contextmanager
def _folder(scratch: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(channel: connection.Connection, settings: Settings, work: Work) -> None:
    """Run what comes through a channel until it closes.

    Parameters
    ----------
    channel : multiprocessing.connection.Connection
        Runs come in, outcomes go out.
    settings : Settings
        Shared by all runs.
    work : callable
        Runs one run.
    """
    _settle(settings)
    with contextlib.suppress(EOFError, OSError):
        while True:
            run = channel.recv()
            channel.send(work(run, settings))


def _settle(settings: Settings) -> None:
    """Take over directory and environment, leave Ctrl-C to the owner, and end when the owner ends."""
    from research.reporting.execute import quick_imports  # noqa: PLC0415 - in the worker only

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminated)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    os.chdir(settings.directory)
    os.environ.clear()
    os.environ.update(settings.environment)
    tempfile.tempdir = settings.scratch
    # The terminal belongs to the owner; what a library prints here has no reader.
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open for life
    quick_imports()
    threading.Thread(target=_watch_owner, daemon=True).start()


def _terminated(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(128 + number)


def _watch_owner() -> None:
    owner = parent_process()
    if owner is not None:
        connection.wait([owner.sentinel])
        # The main thread ends its kernel and removes its folder.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE)
        os._exit(1)

"""Runs in processes of this machine, several at a time."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn, Self

from research.reporting.batch.executor import KINDS, Finished, Outcome, failure_of
from research.reporting.batch.plan import PlannedRun
from research.reporting.interruption import blocked, uninterrupted
from research.reporting.process import WARM_ENVIRONMENT, WARM_PREFERENCES, can_fork

__all__ = ["SCRATCH", "LocalExecutor", "Settings", "Work", "cores", "run_planned", "warm_parent"]

SCRATCH: Final = "research-batch-"
"""How the temporary folder of a batch begins; the process id of its owner follows."""

_WARM: Final = "research.reporting.warm"
_GRACE: Final = 10.0
"""Seconds in which a stopped worker may end its cells and remove its files."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """What every run of a batch shares.

    Parameters
    ----------
    timeout : int
        Seconds that one cell may take.
    scratch : str
        A private temporary folder; its owner removes it.
    directory : str
        Working directory, to which paths in parameters are relative.
    environment : mapping of str to str
        Environment variables.
    """

    timeout: int
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
        with tempfile.TemporaryDirectory(dir=settings.scratch, ignore_cleanup_errors=True) as place:
            return _report(run, settings, Path(place))
    except Exception as error:  # noqa: BLE001 - the other runs of the batch go on, whatever this one met
        return Outcome({}, failure_of(error, place))


def _report(run: PlannedRun, settings: Settings, folder: Path) -> Outcome:
    from research.reporting.run import run_report  # noqa: PLC0415 - in the worker only

    # The bytes that were planned, not those that lie there by now: the key is of them.
    source = folder / "notebook.ipynb"
    source.write_bytes(run.content)
    result = run_report(
        source,
        run.given,
        folder / "reports",
        timeout=settings.timeout,
        wanted=_has_owner,
        name=run.notebook,
        stem=run.id,
    )
    paths = {kind: getattr(result, kind) for kind in KINDS}
    return Outcome({kind: path.read_bytes() for kind, path in paths.items()}, result.failure)


def _has_owner() -> bool:
    owner = parent_process()
    return owner is None or owner.is_alive()


def serve(channel: connection.Connection, settings: Settings, work: Work) -> None:
    """Be a worker: run what comes through a channel until it closes.

    Parameters
    ----------
    channel : multiprocessing.connection.Connection
        Runs come in, outcomes go out.
    settings : Settings
        Shared by all runs.
    work : callable
        Runs one run.
    """
    _settle(channel, settings)
    with contextlib.suppress(EOFError, OSError):
        while True:
            run = channel.recv()
            channel.send(work(run, settings))


def _settle(channel: connection.Connection, settings: Settings) -> None:
    """Take over directory and environment, and leave Ctrl-C to the owner."""
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
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=channel.close)  # who waits for this worker's end must see it
    gc.freeze()
    gc.enable()


def _terminated(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(128 + number)


@dataclass
class _Worker:
    process: BaseProcess
    channel: connection.Connection
    run: str | None = None

    def ends(self, until: float) -> bool:
        """Wait until the process has let go of its channel, which it holds as long as it lives.

        Its exit status comes through the process that it was forked from, and that may be dead already.
        """
        try:
            while self.channel.poll(max(0.0, until - time.monotonic())):
                self.channel.recv_bytes()
        except (EOFError, OSError):
            return True
        return False

    def kill(self) -> None:
        """Kill the process and wait until it is dead."""
        self.process.kill()
        # Which does nothing where its exit status seems known; but who holds the channel lives, under its number.
        if os.name == "posix" and not self.ends(time.monotonic()) and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)
            self.ends(time.monotonic() + _GRACE)
        self.process.join()


class LocalExecutor:
    """Worker processes that live as long as the batch; one that is lost is replaced when it is needed.

    Each runs one report after the other, the cells of every report in a process of its own.

    Parameters
    ----------
    jobs : int
        Processes at the same time.
    timeout : int
        Seconds that one cell may take.
    work : callable
        What a worker does with a run.
    preload : sequence of str
        As for `warm_parent`.

    Notes
    -----
    Workers, and from them the processes of the cells, are forked from one that is warm. Workers are spawned where that
    cannot be: a script that uses this needs the line ``if __name__ == "__main__":``.
    """

    def __init__(self, jobs: int, *, timeout: int, work: Work = run_planned, preload: Sequence[str] = ()) -> None:
        self.jobs = jobs
        self._timeout = timeout
        self._work = work
        self._preload = tuple(preload)
        self._workers: list[_Worker] = []
        self._stack = contextlib.ExitStack()
        self._settings: Settings | None = None
        self.scratch = ""

    @property
    def capacity(self) -> int:
        """How many runs it works on at the same time."""
        return self.jobs

    @property
    def processes(self) -> dict[int, str | None]:
        """Process ids of the workers, and the run that each is working on."""
        return {worker.process.pid or 0: worker.run for worker in self._workers}

    def __enter__(self) -> Self:
        """Make the temporary folder and have the process that workers are forked from."""
        with contextlib.ExitStack() as stack:
            self.scratch = tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")
            stack.callback(shutil.rmtree, self.scratch, ignore_errors=True)
            self._settings = Settings(self._timeout, self.scratch, os.getcwd(), dict(os.environ))  # noqa: PTH109
            stack.enter_context(warm_parent(self._preload))
            stack.callback(self._stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        """Stop the workers; each ends its cells and removes its files."""
        self._stack.close()

    def submit(self, run: PlannedRun) -> None:
        """Give a run to a worker that has none; start one where all are at work."""
        worker = next((one for one in self._workers if one.run is None), None) or self._start()
        worker.run = run.id
        # A worker that has died in the meantime is noticed by `collect`.
        with contextlib.suppress(OSError):
            worker.channel.send(run)

    def collect(self, seconds: float) -> list[Finished]:
        """Return what has ended, after at most so many seconds."""
        ready = connection.wait([worker.channel for worker in self._workers], seconds)
        found = [self._receive(worker) for worker in list(self._workers) if worker.channel in ready]
        return [finished for finished in found if finished is not None]

    def _receive(self, worker: _Worker) -> Finished | None:
        run = worker.run
        try:
            outcome = worker.channel.recv()
        except (EOFError, OSError):
            outcome = None
            self._workers.remove(worker)
            worker.kill()
            worker.channel.close()
        worker.run = None
        return None if run is None else Finished(run, outcome)

    def _start(self) -> _Worker:
        # Within the block it becomes one of those that are stopped: an interruption that waited is raised at its end.
        with _starting():
            try:
                worker = self._started(_context())
            except (EOFError, OSError):
                # Somebody killed the process that workers are forked from.
                worker = self._started(multiprocessing.get_context("spawn"))
            self._workers.append(worker)
        return worker

    def _started(self, context: BaseContext) -> _Worker:
        ours, theirs = context.Pipe()
        arguments = (theirs, self._settings, self._work)
        # A daemon: should one be left over, this process ends it instead of waiting for it.
        process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=serve, args=arguments, name="research-worker", daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        until = time.monotonic() + _GRACE
        for worker in self._workers:
            if not worker.ends(until):
                worker.kill()
            worker.process.join()
            worker.channel.close()
        self._workers.clear()


def _context() -> BaseContext:
    return multiprocessing.get_context("forkserver" if can_fork() else "spawn")


@contextlib.contextmanager
def warm_parent(preload: Sequence[str] = ()) -> Iterator[None]:
    """Have the process that everything is forked from, as long as the block runs; its imports are not waited for.

    Parameters
    ----------
    preload : sequence of str
        Names of modules that it imports: what notebooks use, and would import first. They may use
        `research.reporting.warm.attempt`.

    Notes
    -----
    It is `multiprocessing`'s fork server, of which a process has one. Where there is one already, it is used and stays;
    if it is somebody else's, workers import for themselves, and cells run in fresh interpreters.
    """
    if not can_fork():
        yield
        return
    from multiprocessing import forkserver  # noqa: PLC0415 - not on every system

    # The module has no public way to end it.
    server: Any = forkserver._forkserver
    if server._forkserver_pid is not None:
        yield
        return
    before = server._preload_modules
    server.set_forkserver_preload([_WARM, *preload])
    with tempfile.NamedTemporaryFile(prefix="research-warm-") as wanted:
        try:
            with _starting(RESEARCH_WARM_FOR=wanted.name):
                server.ensure_running()
            yield
        finally:
            # It ends before its next import: killed, it could leave behind what a library was writing.
            wanted.close()
            with contextlib.suppress(OSError):  # it was killed, and somebody else has been told
                server._stop()
            server.set_forkserver_preload(before)


@contextlib.contextmanager
def _starting(**variables: str) -> Iterator[None]:
    """Start processes inside the block: no interruption comes between, and their environment is set.

    Libraries keep no thread there, because a process that is forked may have no other. Before a worker works it takes
    over its owner's path of modules, and the environment of the batch.
    """
    with uninterrupted():
        before = dict(os.environ)
        os.environ.update({**WARM_PREFERENCES, **before, **WARM_ENVIRONMENT, **variables})
        try:
            with blocked():
                yield
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)

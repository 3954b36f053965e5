"""Runs in processes of this machine, several at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Final, Self

from research.reporting.batch.executor import Finished
from research.reporting.batch.interruption import blocked, uninterrupted
from research.reporting.batch.plan import PlannedRun
from research.reporting.batch.worker import Settings, Work, run_planned, serve

__all__ = ["SCRATCH", "LocalExecutor", "cores"]

SCRATCH: Final = "research-batch-"
"""How the temporary folder of a batch begins; the process id of its owner follows."""

_GRACE: Final = 10.0
"""Seconds in which a stopped worker may end its kernel and remove its files."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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

    Parameters
    ----------
    jobs : int
        Processes at the same time.
    timeout : int
        Seconds that one cell may take.
    work : callable
        What a worker does with a run.
    kernels : bool or str
        Whether kernels are forked from a warm process, where that is possible; or the address of one that runs longer
        than this executor does.

    Notes
    -----
    Workers are forked from a process that has only the imports (`multiprocessing`'s fork server), spawned where that
    cannot be: a script that uses this needs the line ``if __name__ == "__main__":``.
    """

    def __init__(self, jobs: int, *, timeout: int, work: Work = run_planned, kernels: bool | str = True) -> None:
        self.jobs = jobs
        self._timeout = timeout
        self._work = work
        self._kernels = kernels
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
        """Make the temporary folder and start the process that forks kernels."""
        from research.reporting.kernels import kernel_server  # noqa: PLC0415 - only where runs are run

        with contextlib.ExitStack() as stack:
            self.scratch = tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")
            stack.callback(shutil.rmtree, self.scratch, ignore_errors=True)
            address = stack.enter_context(kernel_server()) if self._kernels is True else self._kernels or None
            self._settings = Settings(self._timeout, address, self.scratch, os.getcwd(), dict(os.environ))  # noqa: PTH109
            stack.enter_context(_fork_server())  # its imports while the kernel server gets warm
            stack.callback(self._stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        """Stop the workers; each ends its kernel and removes its files."""
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
    from research.reporting.kernels import can_fork  # noqa: PLC0415 - only where runs are run

    return multiprocessing.get_context("forkserver" if can_fork() else "spawn")


@contextlib.contextmanager
def _fork_server() -> Iterator[None]:
    """Have the process that workers are forked from, as long as the block runs; its imports are not waited for.

    A process has one such server. Where a script has its own already, workers come from that one and import for
    themselves; it stays.
    """
    if _context().get_start_method() != "forkserver":
        yield
        return
    from multiprocessing import forkserver  # noqa: PLC0415 - not on every system

    # The module has no public way to end it.
    server: Any = forkserver._forkserver
    if server._forkserver_pid is not None:
        yield
        return
    before = server._preload_modules
    server.set_forkserver_preload(["research.reporting.batch.preload"])
    try:
        with _starting():
            server.ensure_running()
        yield
    finally:
        with contextlib.suppress(OSError):  # it was killed, and somebody else has been told
            server._stop()
        server.set_forkserver_preload(before)


@contextlib.contextmanager
def _starting() -> Iterator[None]:
    """Start processes inside the block: no interruption comes between, and their environment is set.

    Libraries keep no thread there, because a process that is forked may have no other; and no module in the folder at
    hand is found, such as a user's own ``random.py``. Before a worker works it takes over its owner's path of modules,
    and the environment of the batch.
    """
    from research.reporting.kernels.environment import SERVER_ENVIRONMENT  # noqa: PLC0415 - only where runs are run

    with uninterrupted():
        before = dict(os.environ)
        os.environ.update({**SERVER_ENVIRONMENT, "PYTHONSAFEPATH": "1"})
        try:
            with blocked():
                yield
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)

"""Runs on a Dask cluster: each run pinned to a worker, so that a lost one is noticed and the run goes elsewhere."""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, Self

from research.errors import ExtraError, NotebookError
from research.reporting.batch.executor import Executor, Finished, Outcome, failure_of
from research.reporting.batch.plan import PlannedRun
from research.reporting.result import Failure
from research.versions import package_hash

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["ClusterExecutor", "main", "run_remote"]
_CONNECT: Final = 10.0
"""Seconds to reach the scheduler."""

_WAIT: Final = 30.0
"""Seconds to wait for a first worker, or for another one when all are gone."""

_LENGTH: Final = struct.Struct("!Q")
_LARGEST: Final = 1 << 32
_MOMENT: Final = 0.5
_own = threading.local()


RemoteWork = Callable[[PlannedRun, int, str], Outcome]


def run_remote(run: PlannedRun, timeout: int, package: str, preload: Sequence[str] = ()) -> Outcome:
    """Run one report on the machine of a Dask worker, in this thread's child; called there.

    A report starts processes, changes the working directory and sets signals: none of that belongs into a worker that
    others use too. The child runs one run after the other, with its imports loaded, and ends when the worker ends.

    Parameters
    ----------
    run : PlannedRun
        What to run.
    timeout : int
        Seconds that one cell may take.
    package : str
        Hash of the package that planned the run; another one here would give another report.
    preload : sequence of str
        As for `research.reporting.batch.LocalExecutor`.

    Raises
    ------
    NotebookError
        If the child ended without an answer.
    """
    here = package_hash()
    if here != package:
        told = f"this worker has another version of the package ({here[:12]}) than the batch ({package[:12]})"
        return Outcome({}, Failure(None, None, "OtherVersion", f"{told}: install the same one everywhere"))
    asked = (here, str(timeout), *preload)
    child = getattr(_own, "child", None)
    if child is not None and child.asked != asked:
        child.close()  # it has imported what was there when it started
        child = None
    if child is None or child.process.poll() is not None:
        child = _own.child = _Child(asked)
    return child.run(run)


class ClusterExecutor:
    """Workers of a Dask cluster, one run for each of their threads.

    Parameters
    ----------
    address : str
        Of the scheduler, as in ``tcp://scheduler:8786``.
    timeout : int
        Seconds that one cell may take.
    work : callable
        What a worker does with a run.
    package : str, optional
        Hash of the package that planned the runs; by default it is taken now.

    Raises
    ------
    ExtraError
        If Dask is not installed.
    OSError
        When it is entered: if the scheduler cannot be reached, or has no worker.

    Notes
    -----
    The scheduler would run a task again by itself when its worker dies, up to three times and without a word. Pinned to
    one worker, a task of a lost worker waits instead; it is called off, and whoever runs the batch decides.
    """

    def __init__(
        self, address: str, *, timeout: int, work: RemoteWork = run_remote, package: str | None = None
    ) -> None:
        try:
            import distributed  # noqa: F401, PLC0415 - an optional extra
        except ImportError:
            raise ExtraError("Dask is not installed: pip install 'tracking-research[cluster]'") from None
        self.address = address
        self._timeout = timeout
        self._work = work
        self._client: Client | None = None
        self._futures: dict[str, tuple[Future, str]] = {}
        self._last: dict[str, str] = {}
        self._threads: dict[str, int] = {}
        self._numbers = itertools.count()
        self._package = package or package_hash()

    @property
    def capacity(self) -> int:
        """How many runs the workers that are there now work on at the same time."""
        return max(sum(self._threads.values()), 1)

    def __enter__(self) -> Self:
        """Connect, and wait for a first worker."""
        from distributed import Client  # noqa: PLC0415

        try:
            self._client = Client(self.address, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            message = f"no Dask scheduler at {self.address}: {str(error) or type(error).__name__}"
            raise ConnectionError(message) from None
        try:
            self._look(until=time.monotonic() + _WAIT)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *reason: object) -> None:
        """Call off what is still running and leave the cluster as it was."""
        if self._client is not None:
            for future, _ in self._futures.values():
                future.cancel(force=True)
            self._client.close()
            self._client = None
        self._futures.clear()

    def submit(self, run: PlannedRun) -> None:
        """Start a run on the least busy worker; a second time on another one than before, where there is one."""
        assert self._client is not None
        self._look(until=time.monotonic() + _WAIT)
        worker = self._choose(self._last.get(run.id))
        # A key of its own for every attempt: the scheduler remembers what it has seen.
        key = f"research-{run.id}-{next(self._numbers)}"
        future = self._client.submit(
            self._work, run, self._timeout, self._package, key=key, workers=[worker], pure=False, retries=0
        )
        self._futures[run.id] = (future, worker)
        self._last[run.id] = worker

    def collect(self, seconds: float) -> list[Finished]:
        """Return what has ended, and what was on a worker that is gone."""
        from distributed import wait  # noqa: PLC0415

        try:
            wait([future for future, _ in self._futures.values()], timeout=seconds, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except Exception:  # noqa: BLE001 - what became of a task is asked of it below
            time.sleep(seconds)
        self._look()
        found = []
        for name, (future, worker) in list(self._futures.items()):
            if future.status == "finished":
                found.append(Finished(name, _fetched(future)))
            elif future.status in {"error", "cancelled", "lost"}:
                found.append(Finished(name, _failed(future)))
            elif worker not in self._threads:
                future.cancel(force=True)
                found.append(Finished(name, None))
            else:
                continue
            del self._futures[name]
        return found

    def _look(self, until: float | None = None) -> None:
        """Take note of the workers that are there; wait for one until a time, where none is.

        Raises
        ------
        OSError
            If there is still none, or the scheduler is gone.
        """
        while True:
            self._threads = self._workers()
            if self._threads or until is None:
                return
            if time.monotonic() > until:
                raise ConnectionError(f"the Dask cluster at {self.address} has no worker: start one and call again")
            time.sleep(0.2)

    def _workers(self) -> dict[str, int]:
        assert self._client is not None
        try:
            known: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # noqa: BLE001 - the scheduler is gone, and with it every worker
            return {}
        return {name: int(about.get("nthreads", 1)) for name, about in known.items()}

    def _choose(self, before: str | None) -> str:
        """Return the worker with most room, another than the one before where there is another."""
        busy = [worker for _, worker in self._futures.values()]
        others = [name for name in self._threads if name != before] or list(self._threads)
        return max(sorted(others), key=lambda name: self._threads[name] - busy.count(name))


def _fetched(future: Future) -> Outcome | None:
    """Return a result, or None where its worker went before it could be fetched."""
    try:
        outcome = future.result(timeout=60)
    except Exception:  # noqa: BLE001 - it was there a moment ago
        return None
    return outcome if isinstance(outcome, Outcome) else None


def _failed(future: Future) -> Outcome | None:
    """Return why a task raised; None where it did not: called off, or its worker was lost."""
    if future.status != "error":
        return None
    from distributed import KilledWorker  # noqa: PLC0415

    try:
        error = future.exception(timeout=60)
    except Exception:  # noqa: BLE001 - nothing can be learnt any more
        return None
    return None if isinstance(error, KilledWorker) or error is None else Outcome({}, failure_of(error))


class _Child:
    """A process that runs reports, spoken to through pipes."""

    def __init__(self, asked: tuple[str, ...]) -> None:
        self.asked = asked
        # Imported, not run as a script: what is pickled there then bears the names that this side knows.
        command = [sys.executable, "-c", "from research.reporting.batch.cluster import main; main()", *asked[1:]]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        atexit.register(self.close)

    def run(self, run: PlannedRun) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            _send(self.process.stdin, run)
            outcome = _receive(self.process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.close()
            raise NotebookError("the process that ran the report ended without an answer") from None
        assert isinstance(outcome, Outcome)
        return outcome

    def close(self) -> None:
        """Let the child end: it stops its worker when its input closes."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _send(stream: IO[bytes], value: object) -> None:
    content = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def _receive(stream: IO[bytes]) -> object:
    """Return the next value of a pipe between a process and its own child."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length) if length < _LARGEST else b""
    if len(content) < length:
        raise EOFError
    return pickle.loads(content)  # noqa: S301 - written by our own process, never a file


def main() -> None:
    """Run reports that come through standard input until it closes."""
    from research.reporting.batch.local import LocalExecutor  # noqa: PLC0415 - in the child only

    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get into the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with LocalExecutor(1, timeout=int(sys.argv[1]), preload=sys.argv[2:]) as executor:
        while True:
            try:
                run = _receive(requests)
            except EOFError:
                return
            assert isinstance(run, PlannedRun)
            outcome = _done(executor, run, requests)
            if outcome is None:
                return
            _send(answers, outcome)


def _done(executor: Executor, run: PlannedRun, requests: IO[bytes]) -> Outcome | None:
    """Return what became of a run; None where the owner went away in the meantime."""
    executor.submit(run)
    while True:
        for finished in executor.collect(_MOMENT):
            if finished.outcome is not None:
                return finished.outcome
            told = "the process that ran it was lost: killed, out of memory, or cut off"
            return Outcome({}, Failure(None, None, "WorkerLost", told))
        # The owner never speaks while a run goes on: something to read is the end of the pipe.
        if select.select([requests], [], [], 0)[0]:
            return None

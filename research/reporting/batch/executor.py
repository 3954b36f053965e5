"""Who runs the runs: what an executor is given and what it gives back.

`research.reporting.batch.local.LocalExecutor` runs them in processes of this machine. Another one needs these five
members and nothing of the rest: which runs, in what order, how often and where their files go is the runner's affair.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from research.reporting.batch.plan import PlannedRun
from research.reporting.result import Failure

__all__ = ["KINDS", "Executor", "Finished", "Outcome", "failure_of"]

KINDS: Final = ("html", "ipynb", "json")
"""The files that every run leaves."""


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by kind: html, ipynb, json. Of a failed run as many as there are.
    failure : Failure or None
        Why there is no result.
    """

    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True)
class Finished:
    """A run that came back, or whose worker did not.

    Parameters
    ----------
    id : str
        Of the run.
    outcome : Outcome or None
        None where the worker was lost: killed, out of memory, cut off.
    """

    id: str
    outcome: Outcome | None


class Executor(Protocol):
    """Runs what it is given, elsewhere and several at a time."""

    @property
    def capacity(self) -> int:
        """How many runs it works on at the same time."""

    def submit(self, run: PlannedRun) -> None:
        """Start a run; a run that comes a second time should go to another worker."""

    def collect(self, seconds: float) -> list[Finished]:
        """Return what has ended, after at most so many seconds; an empty list where nothing has."""

    def __enter__(self) -> Self:
        """Begin; nothing is submitted before."""

    def __exit__(self, *reason: object) -> None:
        """Stop every worker and what it has started, also in the middle of a run."""


_NAMES: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "DiskFull"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "NotWritable"),
    errno.EFBIG: "FileTooLarge",
}


def failure_of(error: BaseException, place: str = "") -> Failure:
    """Return the record of a run that an error ended outside its cells.

    Parameters
    ----------
    error : BaseException
        What happened.
    place : str
        A temporary path that must not be in the record.

    Examples
    --------
    >>> str(failure_of(OSError(errno.ENOSPC, "No space left on device")))
    'the notebook failed: DiskFull: No space left on device: the files of the run could not be written'
    """
    if isinstance(error, OSError) and error.errno is not None:
        name = _NAMES.get(error.errno, type(error).__name__)
        known = ": the files of the run could not be written" if error.errno in _NAMES else ""
        return Failure(None, None, name, f"{error.strerror}{known}")
    message = str(error).replace(f"{place}/", "").replace(place, ".") if place else str(error)
    return Failure(None, None, type(error).__name__, message)

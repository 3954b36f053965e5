"""Typed errors and warnings: each names the thing, offers the nearest valid one and says what to do.

Every error subclasses `ResearchError` *and* the built-in type that fits, so that ``except ValueError`` keeps working
in code that knows nothing of this package.
"""

from __future__ import annotations

import difflib
import functools
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

__all__ = [
    "AlignmentError",
    "BatchRequestError",
    "BenchmarkError",
    "BusyError",
    "ClockError",
    "DataError",
    "DataFileError",
    "ExtraError",
    "IdentificationError",
    "LossError",
    "MissingColumnError",
    "NotebookError",
    "ParameterError",
    "PullError",
    "ResearchError",
    "ResearchWarning",
    "SampleError",
    "UnitError",
    "UnknownNameError",
    "former_field",
    "nearest",
    "offering",
    "renamed",
]

F = TypeVar("F", bound=Callable[..., object])


class ResearchError(Exception):
    """Base of every error that this package raises on purpose."""


class ParameterError(ResearchError, ValueError):
    """A parameter has a value that it cannot take."""


class UnknownNameError(ResearchError, LookupError):
    """A name is not among those that exist; the message offers the nearest one.

    Parameters
    ----------
    kind : str
        What was looked up, as it reads in a sentence: ``"fund"``, ``"notebook"``, ``"parameter"``.
    name : str
        The name that was asked for.
    available : iterable of str
        The names that exist.
    advice : str
        What else there is to do, where a name may rightly be absent.
    lister : str
        What lists the names, such as ``"rs.measures()"``, where they are too many for a message.
    """

    def __init__(self, kind: str, name: str, available: Iterable[str], advice: str = "", lister: str = "") -> None:
        self.kind = kind
        self.advice = advice
        self.lister = lister
        self.name = name
        self.available = tuple(sorted(available))
        self.nearest = nearest(name, self.available)
        several = re.sub(r"(?= in | of |$)", "s", kind, count=1)
        listed = f"{lister} lists them" if lister else f"{several}: {', '.join(self.available) or 'none'}"
        more = f"; {advice}" if advice else ""
        super().__init__(f"{offering(f'unknown {kind} {name!r}', self.nearest, listed)}{more}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, tuple[str, ...], str, str]]:
        return (type(self), (self.kind, self.name, self.available, self.advice, self.lister))


class DataError(ResearchError, ValueError):
    """Data hold something that no honest calculation can use; the message names row and column."""


class DataFileError(DataError):
    """A file cannot be read as what it claims to be: missing, empty, torn, binary or of another layout."""


class MissingColumnError(DataError, LookupError):
    """A table lacks a required column."""

    @classmethod
    def among(
        cls, what: str, wanted: str, available: Iterable[str], *, most: int | None = None, kind: str = "columns"
    ) -> MissingColumnError:
        """Return the error about a name that is not among those that exist, with the nearest of them.

        Examples
        --------
        >>> print(MissingColumnError.among("nav.csv: no column", "navs", ["date", "nav"]))
        nav.csv: no column 'navs': did you mean 'nav'? (columns: date, nav)
        """
        names = list(available)
        listed = f"{kind}: {', '.join(name or '(no name)' for name in names[:most])}"
        return cls(offering(f"{what} {wanted!r}", nearest(wanted, names), listed))


class AlignmentError(ResearchError, ValueError):
    """Two series do not carry the same labels."""


class ClockError(AlignmentError):
    """Two series were observed at different times of day and would be compared as if they were not."""


class UnitError(AlignmentError):
    """Two series are in different currencies or units and would be compared as if they were not."""


class LossError(AlignmentError):
    """Alignment would lose more rows than the caller allows."""


class SampleError(ResearchError, ValueError):
    """The sample is empty, backwards or too short for what is asked of it."""


class BenchmarkError(ResearchError, LookupError):
    """A fund has no benchmark series, so nothing can be said about how it tracks."""


class IdentificationError(ResearchError, ValueError):
    """The drivers cannot be told apart by the data at hand.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    drivers : tuple of str
        The drivers concerned.
    """

    def __init__(self, message: str, drivers: tuple[str, ...] = ()) -> None:
        self.drivers = drivers
        super().__init__(message)

    def __reduce__(self) -> tuple[type[IdentificationError], tuple[str, tuple[str, ...]]]:
        return (type(self), (str(self), self.drivers))


class NotebookError(ResearchError, RuntimeError):
    """A notebook failed while it ran; the message names the cell and the reason."""


class BatchRequestError(ParameterError):
    """A batch asks for runs that cannot be; every one is named, and none was started.

    Parameters
    ----------
    problems : tuple of str
        One line each.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))

    def __reduce__(self) -> tuple[type[BatchRequestError], tuple[tuple[str, ...]]]:
        return (type(self), (self.problems,))


class BusyError(ResearchError, RuntimeError):
    """Somebody else is at work in the same folder; the message says who."""


class PullError(ResearchError, ConnectionError):
    """Something could not be fetched, or what came is not what was asked for; nothing of it is kept."""


class ExtraError(ResearchError, ImportError):
    """A part of the package needs libraries that were not installed with it; the message says how to get them."""


class ResearchWarning(UserWarning):
    """Base of every warning that this package issues."""


def nearest(name: str, available: Iterable[str]) -> str | None:
    """Return the available name most like `name`, ignoring case, or None where nothing is similar.

    Examples
    --------
    >>> nearest("ethw", ["ETHV", "ETHW", "FETH"])
    'ETHW'
    >>> nearest("ETVH", ["ETH", "ETHA", "ETHV"])
    'ETHV'
    >>> nearest("window", ["fund", "start"]) is None
    True
    >>> nearest("sharpe", ["slope", "tracking error"]) is None
    True
    """
    by_folded = {option.casefold(): option for option in available}
    # Two letters swapped is the commonest slip, and a ratio of matching blocks rates it low.
    swapped = [option for option in by_folded if sorted(option) == sorted(name.casefold())]
    if swapped:
        return by_folded[min(swapped)]
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def offering(said: str, close: str | None, listed: str) -> str:
    """Return what is wrong, with the nearest right name where there is one, and what there is to choose from.

    Examples
    --------
    >>> offering("unknown fund 'ETHX'", "ETHV", "funds: ETHV")
    "unknown fund 'ETHX': did you mean 'ETHV'? (funds: ETHV)"
    >>> offering("unknown fund 'SPY'", None, "funds: ETHV")
    "unknown fund 'SPY' (funds: ETHV)"
    """
    return f"{said}: did you mean {close!r}? ({listed})" if close else f"{said} ({listed})"


def renamed(old: str, new: str) -> Callable[[F], F]:
    """Let a keyword argument pass under its former name, with a warning that names the new one.

    Examples
    --------
    >>> @renamed("level", "confidence")
    ... def interval(confidence=0.95):
    ...     return confidence
    >>> with warnings.catch_warnings(record=True):
    ...     warnings.simplefilter("always")
    ...     interval(level=0.9)
    0.9
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def passing(*args: object, **options: object) -> object:
            if old in options:
                _tell(f"{function.__qualname__}({old}=…)", f"{new}=…")
                options[new] = options.pop(old)
            return function(*args, **options)

        return cast("F", passing)

    return decorate


def former_field(old: str, new: str) -> Any:  # noqa: ANN401 - a property has the type of what it stands for
    """Return a property that is a field under its former name, with a warning that names the new one."""

    def value(self: object) -> object:
        _tell(f"{type(self).__name__}.{old}", new)
        return getattr(self, new)

    return property(value, doc=f"Former name of `{new}`.")


def _tell(old: str, new: str) -> None:
    warnings.warn(f"{old} is now called {new}", DeprecationWarning, stacklevel=3)

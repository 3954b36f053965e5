"""Checks of a world's parameters: each error names the parameter and says what it may be."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from research.errors import ParameterError

__all__ = ["between", "formerly", "whole"]

Made = TypeVar("Made")


def between(
    name: str,
    value: float,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    advice: str = "",
) -> float:
    """Return `value` where it is a finite number in the range; raise otherwise.

    Parameters
    ----------
    name : str
        The parameter, as the message names it.
    value : float
        What was given.
    low, high : float
        The range; an end belongs to it unless it is `open_low` or `open_high`. An infinite end is never reached.
    open_low, open_high : bool
        Whether an end is excluded.
    advice : str
        What to do, where the range alone does not say it.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If the value is no number, NaN, infinite or out of range.

    Examples
    --------
    >>> between("premium.sd", -1, 0)
    Traceback (most recent call last):
    ...
    research.errors.ParameterError: premium.sd is -1: give a number from 0
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if number and (low < value if open_low else low <= value) and (value < high if open_high else value <= high):
        return float(value)
    lower = f"above {low:g}" if open_low else f"from {low:g}"
    upper = "" if math.isinf(high) else (f" and below {high:g}" if open_high else f" to {high:g}")
    raise ParameterError(f"{name} is {value!r}: give a number {lower}{upper}" + (f"; {advice}" if advice else ""))


def whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """Return `value` where it is a whole number in the range; raise otherwise.

    Parameters
    ----------
    name : str
        The parameter, as the message names it.
    value : int
        What was given.
    low, high : int
        The range, ends included; without `high` there is no upper end.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If the value is no whole number or out of range.

    Examples
    --------
    >>> whole("sessions", 504, 3)
    504
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        upper = "" if high is None else f" to {high}"
        raise ParameterError(f"{name} is {value!r}: give a whole number from {low}{upper}")
    return value


def formerly(**names: str) -> Callable[[type[Made]], type[Made]]:
    """Return a decorator of a class of parameters, each of which is still taken by its former name, with a warning.

    Parameters
    ----------
    **names : str
        Former name of a parameter by its name.

    Returns
    -------
    callable
        From a class to the same class.
    """

    def accepting(kind: type[Made]) -> type[Made]:
        made: Callable[..., None] = kind.__init__

        @wraps(made)
        def __init__(self: Made, *args: Any, **given: Any) -> None:  # noqa: ANN401, N807 - those of the class
            for name, former in names.items():
                if former in given:
                    told = f"{former} of {kind.__name__} is called {name}: write {name}={given[former]!r}"
                    warnings.warn(told, DeprecationWarning, stacklevel=2)
                    given[name] = given.pop(former)
            made(self, *args, **given)

        kind.__init__ = __init__  # type: ignore[assignment, method-assign]
        return kind

    return accepting

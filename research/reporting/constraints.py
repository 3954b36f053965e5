"""What a notebook parameter may be, beyond its type: a date, a range or one of a few choices.

A constraint stands in square brackets at the start of a parameter's comment: ``[date]``, ``[0 < x < 1]``,
``[x ≥ 20]`` or ``[choice: nav, price]``. It is data, not code: nothing in it is ever evaluated. ``<=`` and
``>=`` work as well, but papermill's own inspection cannot read a line with a second equals sign.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from research.errors import NotebookError

__all__ = ["Constraint", "Scalar", "parse_constraint"]

Scalar = str | int | float | bool

_NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_SIGN: Final = "<=|>=|[<>≤≥]"
_RANGE: Final = re.compile(
    rf"(?:(?P<low>{_NUMBER})\s*(?P<low_op>{_SIGN})\s*)?(?P<name>[A-Za-z_]\w*)(?:\s*(?P<high_op>{_SIGN})\s*(?P<high>{_NUMBER}))?"
)
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "≤": operator.le,
    "≥": operator.ge,
}


@dataclass(frozen=True)
class Constraint:
    """One parsed constraint: how it reads and whether a single value satisfies it.

    Parameters
    ----------
    text : str
        The constraint as written in the notebook, without brackets.
    takes : str
        How it reads in an error message.
    allows : callable
        One scalar in, True or False out; lists are checked element by element.
    choices : tuple
        The values to choose from, for help texts; empty where the constraint is not a choice.
    """

    text: str
    takes: str
    allows: Callable[[Scalar], bool]
    choices: tuple[Scalar, ...] = ()


def parse_constraint(text: str, element: type) -> Constraint:
    """Return the constraint that `text` describes, for values (or list elements) of type `element`.

    Raises
    ------
    NotebookError
        If the text is no known constraint or does not fit the type.

    Examples
    --------
    >>> rule = parse_constraint("0 < x <= 1", float)
    >>> rule.allows(1.0), rule.allows(0.0)
    (True, False)
    """
    text = text.strip()
    if text == "date":
        if element is not str:
            raise NotebookError("[date] describes a text parameter: annotate it as str")
        return Constraint(text, "an ISO date such as 2025-01-31, or empty", _is_date_or_empty)
    if text.startswith("choice:"):
        return _choice(text, element)
    matched = _RANGE.fullmatch(text)
    if matched and (matched["low"] or matched["high"]):
        return _range(text, matched, element)
    raise NotebookError(f"[{text}] is no constraint: write [date], [0 < x < 1], [x ≥ 20] or [choice: nav, price]")


def _is_date_or_empty(value: Scalar) -> bool:
    if value == "":
        return True
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _choice(text: str, element: type) -> Constraint:
    words = [word.strip() for word in text.removeprefix("choice:").split(",")]
    if element is bool or not all(words):
        raise NotebookError(f"[{text}]: a choice lists texts or numbers with a comma between them")
    try:
        choices: tuple[Scalar, ...] = tuple(element(word) for word in words)
    except ValueError as error:
        raise NotebookError(f"[{text}]: the parameter is annotated as {element.__name__}: {error}") from error
    return Constraint(text, "one of " + ", ".join(words), lambda value: value in choices, choices)


def _range(text: str, matched: re.Match[str], element: type) -> Constraint:
    if element not in (int, float):
        raise NotebookError(f"[{text}] is a range: annotate the parameter as int or float")
    checks: list[Callable[[Any], bool]] = []  # numbers only: the type is checked before
    if matched["low"]:
        low, low_op = float(matched["low"]), _COMPARE[matched["low_op"]]
        checks.append(lambda value: low_op(low, value))
    if matched["high"]:
        high, high_op = float(matched["high"]), _COMPARE[matched["high_op"]]
        checks.append(lambda value: high_op(value, high))
    return Constraint(text, text, lambda value: all(check(value) for check in checks))

"""The parameters of a notebook: read from its tagged cell, checked before anything runs.

Papermill accepts a misspelt name with a log line and never looks at types, so both are checked here. The parameters
cell is read with `ast`, never executed: every line is ``name: type = default  # [constraint] help``.
"""

from __future__ import annotations

import ast
import io
import json
import math
import operator
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from research.errors import NotebookError, ParameterError, UnknownNameError

__all__ = [
    "RESULT_PATH",
    "Constraint",
    "Parameter",
    "Scalar",
    "Schema",
    "Value",
    "check",
    "effective",
    "parse_assignments",
    "parse_constraint",
    "read_schema",
]
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


Value = Scalar | list[int] | list[float] | list[str]
"""What a parameter can hold: JSON scalars and lists, so that every run can be written down and repeated."""

Element = type
"""`type`, under a name that the field `Parameter.type` does not hide."""

RESULT_PATH: Final = "result_path"
"""The parameter by which the runner tells a notebook where to write its result; nobody else sets it."""

_ELEMENTS: Final[dict[str, Element]] = {"str": str, "int": int, "float": float, "bool": bool}
_TAKES: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list[int]": "a JSON list of whole numbers such as [1, 5]",
    "list[float]": "a JSON list of numbers such as [0.5, 1]",
    "list[str]": 'a JSON list of texts such as ["nav", "price"]',
}
_COMMENT: Final = re.compile(r"#\s*(?:\[(?P<constraint>[^\]]*)\])?\s*(?P<help>.*)")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook.

    Parameters
    ----------
    name : str
        Its name in the notebook and on the command line.
    type : str
        ``str``, ``int``, ``float``, ``bool``, ``list[int]``, ``list[float]`` or ``list[str]``.
    default : value
        The value that the notebook runs with when none is given.
    constraint : str
        The text inside the square brackets of its comment; empty where there is none.
    help : str
        The rest of the comment.

    Examples
    --------
    >>> window = Parameter("window", "int", 60, "20 <= x <= 250", "sessions in a rolling window")
    >>> window.takes
    'a whole number, 20 <= x <= 250'
    """

    name: str
    type: str
    default: Value
    constraint: str = ""
    help: str = ""

    @property
    def is_list(self) -> bool:
        """Whether the parameter holds a list."""
        return self.type.startswith("list[")

    @property
    def element(self) -> Element:
        """The Python type of the value, or of one element of a list."""
        return _ELEMENTS[self.type.removeprefix("list[").removesuffix("]")]

    @cached_property
    def rule(self) -> Constraint | None:
        """The parsed constraint."""
        return parse_constraint(self.constraint, self.element) if self.constraint else None

    @property
    def takes(self) -> str:
        """What the parameter takes, as it reads in a message."""
        return _TAKES[self.type] + (f", {self.rule.takes}" if self.rule else "")

    def checked(self, value: object) -> Value:
        """Return `value` as the notebook will get it.

        Raises
        ------
        ParameterError
            If the value is of another type or outside the constraint; NaN and infinity are refused as well.
        """
        if not self.is_list:
            return self._scalar(value, value)
        if not isinstance(value, list) or (not value and self.default):
            raise self._refusal(value)
        return [self._scalar(item, value) for item in value]  # type: ignore[return-value]

    def _scalar(self, value: object, whole: object) -> Scalar:
        scalar: Scalar
        if self.element is float and isinstance(value, (int, float)) and _is_exact(value):
            scalar = float(value)
        elif value.__class__ is self.element and self.element is not float:
            scalar = value  # type: ignore[assignment]
        else:
            raise self._refusal(whole)
        if self.rule is not None and not self.rule.allows(scalar):
            raise self._refusal(whole)
        return scalar

    def _refusal(self, value: object) -> ParameterError:
        shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
        return ParameterError(f"parameter {self.name!r} takes {self.takes}; got {shown}")

    def from_text(self, text: str) -> Value:
        """Return the value that `text` from a command line stands for; lists are JSON.

        Raises
        ------
        ParameterError
            If the text cannot be read as the parameter's type or is outside the constraint.
        """
        if self.type == "str":
            return self.checked(text)
        try:
            value = json.loads(text.strip().lower() if self.type == "bool" else text)
        except json.JSONDecodeError:
            raise self._refusal(text) from None
        try:
            return self.checked(value)
        except ParameterError:
            raise self._refusal(text) from None


def _is_exact(value: float) -> bool:
    """Whether a number is finite, no bool, and the same number as a float."""
    try:
        return not isinstance(value, bool) and math.isfinite(value) and float(value) == value
    except OverflowError:
        return False


Schema = Mapping[str, Parameter]
"""A notebook's parameters by name, in the order of its cell."""


def read_schema(notebook: Path) -> dict[str, Parameter]:
    """Return the parameters that a notebook declares.

    Parameters
    ----------
    notebook : pathlib.Path
        An ``.ipynb`` file; its first cell tagged ``parameters`` is read, never executed.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell; empty where no cell is tagged.

    Raises
    ------
    NotebookError
        If the file is no notebook, or a line of the cell is not an annotated assignment of a plain value.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = [cell["source"] for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotebookError(f"{notebook.name} is not a notebook: {type(error).__name__}: {error}") from error
    if not sources:
        return {}
    source = sources[0] if isinstance(sources[0], str) else "".join(sources[0])
    return _read_cell(source, notebook.name)


def _read_cell(source: str, name: str) -> dict[str, Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotebookError(f"{name}: the parameters cell is not Python: line {error.lineno}: {error.msg}") from error
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    schema: dict[str, Parameter] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        try:
            parameter = _read_statement(statement, comments)
            parameter.checked(parameter.default)
        except (NotebookError, ParameterError) as error:
            raise NotebookError(f"{name}: parameters cell, line {statement.lineno}: {error}") from error
        schema[parameter.name] = parameter
    return schema


def _read_statement(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        raise NotebookError("write `name: type = default  # help`, one parameter a line")
    kind = ast.unparse(statement.annotation)
    if kind not in _TAKES:
        raise NotebookError(f"{kind!r} is not a parameter's type: use {', '.join(_TAKES)}")
    if statement.value is None:
        raise NotebookError(f"{statement.target.id!r} has no default value")
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise NotebookError(f"the default of {statement.target.id!r} is not a plain value") from None
    comment = comments.get(statement.end_lineno or statement.lineno, "#")
    matched = _COMMENT.fullmatch(comment)
    constraint, text = (matched["constraint"] or "", matched["help"]) if matched else ("", comment)
    return Parameter(statement.target.id, kind, default, constraint.strip(), text.strip())


def parse_assignments(assignments: Iterable[str], schema: Schema) -> dict[str, Value]:
    """Return the values that ``name=value`` strings of a command line stand for.

    Parameters
    ----------
    assignments : iterable of str
        Such as ``"window=90"`` or ``"horizons=[1, 5]"``.
    schema : mapping of str to Parameter
        What the notebook declares.

    Raises
    ------
    UnknownNameError
        If a name is not among the parameters.
    ParameterError
        If a string has no ``=``, a name comes twice, or a value does not fit.

    Examples
    --------
    >>> parse_assignments(["window=90"], {"window": Parameter("window", "int", 60)})
    {'window': 90}
    """
    values: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise ParameterError(f"{assignment!r} is not name=value: write for example window=90")
        if name in values:
            raise ParameterError(f"parameter {name!r} is given twice")
        values[name] = _known(name, schema).from_text(text)
    return values


def check(values: Mapping[str, Any], schema: Schema) -> dict[str, Value]:
    """Return `values` checked against the parameters of a notebook.

    Parameters
    ----------
    values : mapping of str to JSON scalar or list
        What the notebook shall run with; parameters that are left out keep their defaults.
    schema : mapping of str to Parameter
        What the notebook declares.

    Raises
    ------
    UnknownNameError
        If a name is not among the parameters; the message offers the nearest.
    ParameterError
        If a value has another type or is outside its constraint.
    """
    return {name: _known(name, schema).checked(value) for name, value in values.items()}


def effective(values: Mapping[str, Value], schema: Schema) -> dict[str, Value]:
    """Return every parameter's value, given or default, without the runner's own ``result_path``."""
    return {name: values.get(name, parameter.default) for name, parameter in schema.items() if name != RESULT_PATH}


def _known(name: str, schema: Schema) -> Parameter:
    public = [known for known in schema if known != RESULT_PATH]
    if name == RESULT_PATH and name in schema:
        raise ParameterError(f"parameter {name!r} is set by the runner: choose the folder of the reports instead")
    if name not in schema:
        raise UnknownNameError("parameter", name, public)
    return schema[name]

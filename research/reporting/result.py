"""The file that a report leaves for machines: a result, or a record that says why there is none.

Layouts are documented in ``research/data/result.schema.json`` and ``failure.schema.json``. The same numbers give the
same bytes: fixed order, shortest exact floats, NaN as null, a newline at the end.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from research.errors import DataError, DataFileError, ParameterError
from research.files import encode_json, write_atomically
from research.reporting.schema import load_schema, violation

__all__ = [
    "FAILURE_SCHEMA",
    "RESULT_SCHEMA",
    "Failure",
    "check_result",
    "failure_record",
    "open_findings",
    "read_result",
    "write_result",
]

RESULT_SCHEMA: Final = "research.result/1"
FAILURE_SCHEMA: Final = "research.failure/1"


@dataclass(frozen=True)
class Failure:
    """Why a run has no result.

    Parameters
    ----------
    cell : int or None
        Number of the code cell that failed, counted from 1 as in the report; None where no cell did.
    heading : str or None
        The heading under which the cell stands.
    error : str
        Name of the exception, or ``DeadKernel``, ``Timeout``, ``MissingResult``, ``InvalidResult``.
    message : str
        What it said.
    """

    cell: int | None
    heading: str | None
    error: str
    message: str

    def __str__(self) -> str:
        where = f"cell {self.cell}" if self.cell is not None else "the notebook"
        under = f" ({self.heading})" if self.heading else ""
        first = self.message.strip().splitlines()
        return f"{where}{under} failed: {self.error}" + (f": {first[0]}" if first else "")


def write_result(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write a notebook's result as JSON: checked first, then whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
        The notebook's parameter ``result_path``.
    result : mapping
        Laid out as ``research/data/result.schema.json`` says. ``schema`` and ``status`` are added. NumPy numbers become
        plain ones, dates and timestamps ISO dates, tuples lists, NaN and NaT null.

    Raises
    ------
    ParameterError
        If `path` is no path or `result` no mapping.
    DataError
        If a value has no place in JSON (infinity included), or the result does not fit its schema.
    """
    if not isinstance(result, Mapping):
        raise ParameterError(f"result is {result!r}: give a mapping of the fields of {RESULT_SCHEMA}")
    if not isinstance(path, str | Path):
        raise ParameterError(f"path is {path!r}: give the file to write, such as the notebook's result_path")
    document = {"schema": RESULT_SCHEMA, "status": "ok", **result}
    order = list(load_schema("result")["properties"])
    ranks = {name: rank for rank, name in enumerate(order)}
    document = {name: document[name] for name in sorted(document, key=lambda name: (ranks.get(name, len(order)), name))}
    plain = _plain(document, "")
    check_result(plain)
    write_atomically(Path(path), encode_json(plain))


def check_result(result: object) -> None:
    """Raise where a result does not fit its schema.

    Raises
    ------
    DataError
        The message names the first place that does not fit.
    """
    problem = violation(result, "result")
    if problem is not None:
        raise DataError(f"the result does not fit {RESULT_SCHEMA}: {problem}")


def read_result(path: Path) -> dict[str, Any]:
    """Return a result file's content after checking it.

    Raises
    ------
    DataFileError
        If the file is absent or no JSON.
    DataError
        If it does not fit its schema.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except (OSError, ValueError) as error:
        raise DataFileError(f"{path.name} is not a result: {error}") from error
    check_result(document)
    result: dict[str, Any] = document
    return result


def open_findings(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the screens of a result's sample found that is more than a note and that nobody has acknowledged.

    Parameters
    ----------
    result : mapping
        In the layout of ``research.result/1``; one without a sample has no findings.

    Examples
    --------
    >>> row = {"rule": "spike", "series": "close", "session": "2025-02-12", "value": 31.0, "severity": "warning"}
    >>> known = {**row, "acknowledged": "as the exchange printed it"}
    >>> len(open_findings({"sample": {"screens": [row, known]}}))
    1
    """
    sample = result.get("sample")
    screens = sample.get("screens") if isinstance(sample, Mapping) else None
    return [
        item
        for item in (screens if isinstance(screens, list) else [])
        if isinstance(item, Mapping) and item.get("severity") in ("error", "warning") and not item.get("acknowledged")
    ]


def failure_record(fund: str | None, notebook: str, parameters: Mapping[str, Any], failure: Failure) -> bytes:
    """Return the content of the file that stands in a result's place after a failure."""
    record = {
        "schema": FAILURE_SCHEMA,
        "status": "failed",
        "fund": fund,
        "notebook": notebook,
        "parameters": dict(parameters),
        "cell": failure.cell,
        "heading": failure.heading,
        "error": failure.error,
        "message": failure.message,
    }
    return encode_json(record)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _plain(value: object, where: str) -> object:
    """Return `value` in JSON's own types; `where` names it in a message."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, f"{where}.{key}".lstrip(".")) for key, inner in value.items()}
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(inner, f"{where}[{position}]") for position, inner in enumerate(value)]
    return _plain_scalar(value, where)


def _plain_scalar(value: object, where: str) -> object:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (datetime, date)):
        # NaT is a datetime to isinstance, and differs from itself
        return None if value != value else value.isoformat()[:10]  # noqa: PLR0124
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return _plain_float(float(value), where)
    raise DataError(f"{where} is a {type(value).__name__}, which JSON cannot hold: turn it into numbers and texts")


def _plain_float(value: float, where: str) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise DataError(f"{where} is infinite: a result holds finite numbers and null")
    return value + 0.0  # minus zero becomes zero

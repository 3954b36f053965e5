"""Table schemas, checked by pandera: what every column of a loaded table satisfies, whatever the file held.

Loaded only with a loader that has one, because pandera takes a moment to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from research.errors import DataError
from research.loaders.published import Kind

__all__ = ["any_number", "not_negative", "positive", "share", "table_schema", "text", "validated"]

_INDEX: Final = {
    "daily": pa.Index("datetime64[ns]", unique=True, name="date"),
    "bars": pa.Index(pd.DatetimeTZDtype("ns", "UTC"), unique=True, name="time"),
    "contracts": pa.MultiIndex(
        [pa.Index("datetime64[ns]", name="date"), pa.Index("datetime64[ns]", name="expiry")], unique=["date", "expiry"]
    ),
    "other": None,
}


def positive(*, nullable: bool = True, required: bool = True) -> pa.Column:
    """Return a column of positive finite numbers: prices, levels."""
    return _numbers([pa.Check.gt(0.0), pa.Check.lt(float("inf"))], nullable, required)


def not_negative(*, nullable: bool = True, required: bool = True) -> pa.Column:
    """Return a column of finite numbers of at least zero: shares, volumes, distributions."""
    return _numbers([pa.Check.ge(0.0), pa.Check.lt(float("inf"))], nullable, required)


def share(*, low: float = 0.0, high: float = 1.0, nullable: bool = True, required: bool = True) -> pa.Column:
    """Return a column of numbers between `low` and `high`."""
    return _numbers([pa.Check.in_range(low, high)], nullable, required)


def any_number(*, nullable: bool = True, required: bool = True) -> pa.Column:
    """Return a column of finite numbers of either sign: flows, changes, an oil price in April 2020."""
    return _numbers([pa.Check(np.isfinite, name="finite")], nullable, required)


def text(*, nullable: bool = True, required: bool = True) -> pa.Column:
    """Return a column of texts."""
    return pa.Column("str", nullable=nullable, required=required)


def _numbers(checks: list[pa.Check], nullable: bool, required: bool) -> pa.Column:
    return pa.Column("float64", checks, nullable=nullable, required=required)


def table_schema(kind: Kind, columns: Mapping[str, pa.Column]) -> pa.DataFrameSchema:
    """Return the schema of a table: its columns and no others, labelled as its kind says.

    Examples
    --------
    >>> schema = table_schema("daily", {"nav": positive()})
    >>> days = pd.DatetimeIndex(["2024-07-23"], name="date").as_unit("ns")
    >>> validated(pd.DataFrame({"nav": [-1.0]}, days), schema, "x.csv")
    Traceback (most recent call last):
    ...
    research.errors.DataError: x.csv: nav of 2024-07-23 is -1.0: it should be greater than 0.0; ...
    """
    return pa.DataFrameSchema(dict(columns), index=_INDEX[kind], strict=True)


def validated(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> pd.DataFrame:
    """Return a frame that satisfies a schema, rows in order.

    Parameters
    ----------
    frame : pandas.DataFrame
        A loader's table.
    schema : pandera.pandas.DataFrameSchema
        What it must satisfy.
    name : str
        What messages call the file.

    Raises
    ------
    DataError
        Naming column, row and value of the first failure, and how many there are.
    """
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        raise DataError(_complaint(error.failure_cases, name)) from None
    if schema.index is not None and not frame.index.is_monotonic_increasing:
        raise DataError(f"{name}: rows are not in order of date: sort them")
    return frame


def _complaint(cases: pd.DataFrame, name: str) -> str:
    first = cases.iloc[0]
    rows = f" (and {len(cases) - 1} more)" if len(cases) > 1 else ""
    rule = str(first["check"]).replace("greater_than_or_equal_to", "at least ").replace("less_than", "less than ")
    rule = rule.replace("greater_than", "greater than ").replace("(", "").replace(")", "").replace("_", " ")
    if first["index"] is None or pd.isna(first["index"]):
        return f"{name}: {first['check']}: {first['failure_case']}{rows}: the table does not have the columns it should"
    label = first["index"]
    where = f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
    return (
        f"{name}: {first['column']} of {where} is {first['failure_case']}: it should be {rule}; correct the row, or "
        f"leave the cell empty where there is no value{rows}"
    )

"""A publisher's table after reading: values, their units and clocks, and what was set aside on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Kind", "PublishedTable", "Remark"]

Kind = Literal["daily", "bars", "contracts", "other"]
"""How rows are labelled.

``daily``: naive days, strictly increasing, index ``date``. ``bars``: start of the bar, UTC, strictly increasing, index
``time``. ``contracts``: day and expiry, unique, sorted, index ``date``, ``expiry``. ``other``: as the loader says.
"""


@dataclass(frozen=True)
class Column:
    """What one column is.

    Parameters
    ----------
    unit : str
        Unit of the values: ``"USD"``, ``"shares"``, ``"fraction"``; empty for texts.
    clock : str
        Wall time and zone of the observation, as in ``"16:00 America/New_York"``; empty where the format does not fix
        it and whoever uses the file must say.
    description : str
        What the values are, in words.
    tick : float or None
        Step to which the publisher rounds, where known.
    """

    unit: str
    clock: str = ""
    description: str = ""
    tick: float | None = None


@dataclass(frozen=True)
class Remark:
    """Something that a loader met and did not pass over in silence.

    Parameters
    ----------
    rule : str
        Short name, as in ``"marker"``, ``"footer"``, ``"repaired_markup"``, ``"identical_duplicate"``.
    message : str
        One sentence for a reader, with row and column where there is one.
    row : int or None
        Line (or row of a sheet) where it first stands.
    column : str
        Column that it is about; empty for whole rows.
    count : int
        How many rows or cells it concerns.
    rows_lost : int
        Rows of the file that are not in the table because of it.
    """

    rule: str
    message: str
    row: int | None = None
    column: str = ""
    count: int = 1
    rows_lost: int = 0


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """One file of a publisher, read and checked; nothing filled.

    Parameters
    ----------
    frame : pandas.DataFrame
        Values under the toolkit's column names; float64 but for texts. A cell without a value is NaN.
    kind : {"daily", "bars", "contracts", "other"}
        How rows are labelled, see `Kind`.
    columns : mapping of str to Column
        One entry for each column of the frame.
    format : str
        Name of the format, as in ``"ishares"``.
    name : str
        What messages call the file.
    sha256 : str
        Hash of the file's bytes.
    rows : int
        Data rows in the file, before any was set aside.
    remarks : tuple of Remark
        What the loader set aside or repaired.
    """

    frame: pd.DataFrame
    kind: Kind
    columns: Mapping[str, Column]
    format: str
    name: str
    sha256: str
    rows: int
    remarks: tuple[Remark, ...] = ()

    @property
    def rows_lost(self) -> int:
        """Rows of the file that are not in the table."""
        return self.rows - len(self.frame)

    def __str__(self) -> str:
        index = self.frame.index
        span = f", {_label(index[0])} to {_label(index[-1])}" if len(index) and self.kind != "other" else ""
        lines = [f"{self.name}: {self.format}, {len(self.frame)} of {self.rows} rows{span}"]
        for name, column in self.columns.items():
            about = ", ".join(part for part in (column.unit, column.clock, column.description) if part)
            lines.append(f"  {name}: {about}" if about else f"  {name}")
        lines += [f"  [{remark.rule}] {remark.message}" for remark in self.remarks]
        return "\n".join(lines)


def _label(label: object) -> str:
    first = label[0] if isinstance(label, tuple) else label
    return f"{first:%Y-%m-%d}"

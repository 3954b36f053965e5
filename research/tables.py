"""A small labelled table that prints as text in a terminal and as accessible HTML in a notebook.

Results hand their numbers over as a `Table`: the frame keeps full precision for machines, the formats are for eyes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Format", "Table", "p_value", "plus_minus", "signed", "unsigned_zero"]

Format = str | Callable[[object], str]
"""How a column is shown: a format specification such as ``".2f"`` or a function of the cell."""

MISSING = "–"


def signed(digits: int) -> str:
    """Return the format specification of a signed number with `digits` decimals.

    Examples
    --------
    >>> format(-1.234, signed(1))
    '-1.2'
    """
    return f"+.{digits}f"


def unsigned_zero(shown: str) -> str:
    """Return a formatted number without the sign that rounding left on a zero.

    Examples
    --------
    >>> unsigned_zero("-0.00"), unsigned_zero("-0.01")
    ('0.00', '-0.01')
    """
    return shown[1:] if shown[:1] in "+-" and not shown.strip("+-0.") else shown


def p_value(value: object) -> str:
    """Return a p-value with three decimals, and no zero for what is merely small.

    Examples
    --------
    >>> p_value(0.04261), p_value(1e-9)
    ('0.043', '<0.001')
    """
    number = float(str(value))
    return "<0.001" if number < 0.0005 else f"{number:.3f}"


def plus_minus(value: float, error: float, digits: int = 2) -> str:
    """Return ``value ± error`` with the same number of decimals, or the value alone where there is no error.

    Examples
    --------
    >>> plus_minus(-20.48, 0.42, 1)
    '-20.5 ± 0.4'
    """
    if error is None or math.isnan(error):
        return unsigned_zero(f"{value:.{digits}f}")
    return f"{unsigned_zero(f'{value:.{digits}f}')} ± {error:.{digits}f}"


@dataclass(frozen=True, eq=False)
class Table:
    """A frame with a caption, formats for reading and notes below.

    Parameters
    ----------
    frame : pandas.DataFrame
        Full-precision values; the index labels the rows.
    caption : str
        What the table shows, with units.
    formats : mapping of column to format, optional
        A format specification or a function for each column that needs one.
    notes : tuple of str, optional
        Sentences printed below the table.

    Examples
    --------
    >>> import pandas as pd
    >>> print(Table(pd.DataFrame({"bp": [1.2345]}, index=["fee"]), "Fee (bp a year)", {"bp": ".1f"}))
    Fee (bp a year)
          bp
    fee  1.2
    """

    frame: pd.DataFrame
    caption: str
    formats: Mapping[str, Format] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the unformatted values."""
        return self.frame.copy()

    def cells(self) -> list[list[str]]:
        """Return every cell as it is shown, row by row."""
        columns = [str(column) for column in self.frame.columns]
        rows = self.frame.itertuples(index=False, name=None)
        return [[self._cell(column, value) for column, value in zip(columns, row, strict=True)] for row in rows]

    def _cell(self, column: str, value: object) -> str:
        if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in {"NaT", "<NA>"}:
            return MISSING
        how = self.formats.get(column)
        if callable(how):
            return how(value)
        if how is not None:
            # Typographic minus would not survive a copy into a spreadsheet: the hyphen stays.
            return unsigned_zero(format(value, how))
        return str(value)

    def __str__(self) -> str:
        header = ["", *map(str, self.frame.columns)]
        body = [[str(label), *row] for label, row in zip(self.frame.index, self.cells(), strict=True)]
        widths = [max(len(row[i]) for row in [header, *body]) for i in range(len(header))]
        left = [True, *(self._is_text(column) for column in self.frame.columns)]

        def line(row: list[str]) -> str:
            parts = [
                cell.ljust(width) if is_left else cell.rjust(width)
                for cell, width, is_left in zip(row, widths, left, strict=True)
            ]
            return "  ".join(parts).rstrip()

        return "\n".join([self.caption, line(header), *map(line, body), *self.notes])

    __repr__ = __str__

    def _is_text(self, column: object) -> bool:
        return not any(isinstance(value, (int, float)) for value in self.frame[column])

    def _repr_html_(self) -> str:
        text = [self._is_text(column) for column in self.frame.columns]
        head = "".join(
            f'<th scope="col" class="{"text" if is_text else "number"}">{html.escape(str(column))}</th>'
            for column, is_text in zip(self.frame.columns, text, strict=True)
        )
        rows = []
        for label, cells in zip(self.frame.index, self.cells(), strict=True):
            data = "".join(
                f'<td class="{"text" if is_text else "number"}">{html.escape(cell)}</td>'
                for cell, is_text in zip(cells, text, strict=True)
            )
            rows.append(f'<tr><th scope="row">{html.escape(str(label))}</th>{data}</tr>')
        notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in self.notes)
        return (
            '<div class="research-table mathjax_ignore" tabindex="0">'
            f"<table><caption>{html.escape(self.caption)}</caption>"
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{notes}</div>"
        )

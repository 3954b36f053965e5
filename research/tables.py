"""Results that show themselves: as text in a terminal, as accessible HTML in a notebook, as Markdown, LaTeX or a frame.

A `Result` says what it is in one `Table`; everything else follows from it. The table's frame keeps full precision for
machines, its formats are for eyes.
"""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Format", "Result", "Table", "p_value", "plus_minus", "signed", "unsigned_zero"]

Format = str | Callable[[object], str]
"""How a column is shown: a format specification such as ``".2f"`` or a function of the cell."""

MISSING = "–"

# Side by side with the classes that a report's page styles: a notebook has no styles of ours, and its own put text to
# the right. No colours, so that the table is as light or as dark as its surroundings.
_SIDE = {True: 'class="text" style="text-align: left"', False: 'class="number" style="text-align: right"'}
_LABEL = 'style="text-align: left"'
_LATEX = str.maketrans(
    {mark: f"\\{mark}" for mark in "&%$#_{}"}
    | {"~": r"\textasciitilde ", "^": r"\textasciicircum ", "\\": r"\textbackslash "}
)


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

    @classmethod
    def of(cls, values: Mapping[str, object], caption: str, notes: tuple[str, ...] = ()) -> Table:
        """Return a table of one column, ``value``, with a row for each label.

        Examples
        --------
        >>> print(Table.of({"sessions": "547", "bases": "nav, price"}, "Sample"))
        Sample
                  value
        sessions  547
        bases     nav, price
        """
        import pandas as pd  # noqa: PLC0415 - importing the package must not load it

        return cls(pd.DataFrame({"value": list(values.values())}, index=list(values)), caption, notes=notes)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the unformatted values."""
        return self.frame.copy()

    def to_dict(self) -> dict[str, object]:
        """Return caption, notes and the unformatted values row by row; a missing value is None."""
        columns = ["label", *(str(column) for column in self.frame.columns)]
        rows = [
            {column: None if _is_missing(value) else value for column, value in zip(columns, row, strict=True)}
            for row in self.frame.itertuples(index=True, name=None)
        ]
        return {"caption": self.caption, "rows": rows, "notes": list(self.notes)}

    def to_markdown(self) -> str:
        """Return the table as it is shown, as a Markdown table with its caption above and its notes below.

        Examples
        --------
        >>> import pandas as pd
        >>> print(Table(pd.DataFrame({"bp": [1.2345]}, index=["fee"]), "Fee", {"bp": ".1f"}).to_markdown())
        **Fee**
        <BLANKLINE>
        |  | bp |
        | :-- | --: |
        | fee | 1.2 |
        """

        def line(cells: Sequence[str]) -> str:
            shown = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
            return f"| {' | '.join(shown)} |"

        sides = [":--", *(":--" if self._is_text(column) else "--:" for column in self.frame.columns)]
        header = ["", *map(str, self.frame.columns)]
        body = [[str(label), *row] for label, row in zip(self.frame.index, self.cells(), strict=True)]
        lines = [f"**{self.caption}**", "", line(header), f"| {' | '.join(sides)} |", *map(line, body)]
        return "\n".join([*lines, *(["", *self.notes] if self.notes else [])])

    def to_latex(self) -> str:
        """Return the table as it is shown, as a LaTeX table in the manner of booktabs, its notes in the caption."""
        import pandas as pd  # noqa: PLC0415 - importing the package must not load it

        labels = [str(label) for label in self.frame.index]
        shown = pd.DataFrame(self.cells(), index=labels, columns=[str(column) for column in self.frame.columns])
        sides = "l" + "".join("l" if self._is_text(column) else "r" for column in self.frame.columns)
        caption = _latex(" ".join([f"{self.caption.rstrip('.')}.", *self.notes]) if self.notes else self.caption)
        return shown.to_latex(column_format=sides, caption=caption, escape=True)

    def cells(self) -> list[list[str]]:
        """Return every cell as it is shown, row by row."""
        columns = [str(column) for column in self.frame.columns]
        rows = self.frame.itertuples(index=False, name=None)
        return [[self._cell(column, value) for column, value in zip(columns, row, strict=True)] for row in rows]

    def _cell(self, column: str, value: object) -> str:
        if _is_missing(value):
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
            f'<th scope="col" {_SIDE[is_text]}>{html.escape(str(column))}</th>'
            for column, is_text in zip(self.frame.columns, text, strict=True)
        )
        rows = []
        for label, cells in zip(self.frame.index, self.cells(), strict=True):
            data = "".join(
                f"<td {_SIDE[is_text]}>{html.escape(cell)}</td>" for cell, is_text in zip(cells, text, strict=True)
            )
            rows.append(f'<tr><th scope="row" {_LABEL}>{html.escape(str(label))}</th>{data}</tr>')
        notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in self.notes)
        return (
            '<div class="research-table mathjax_ignore" tabindex="0">'
            f"<table><caption>{html.escape(self.caption)}</caption>"
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{notes}</div>"
        )


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in {"NaT", "<NA>"}


def _latex(text: str) -> str:
    return text.translate(_LATEX)


class Result(ABC):
    """What every result can do, from the one table that it hands over as its `summary`.

    As the last line of a cell it shows that table; ``print`` writes it as text.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:
            # Found in the class itself, so that @dataclass writes none of its own over it.
            # That of the nearest result above it: a report tells its findings before its table.
            nearest = next(base for base in cls.__mro__[1:] if issubclass(base, Result) and "__repr__" in base.__dict__)
            cls.__repr__ = nearest.__repr__  # type: ignore[method-assign]

    @abstractmethod
    def summary(self) -> Table:
        """Return the result as a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return the unformatted values of the summary."""
        return self.summary().to_frame()

    def to_dict(self) -> dict[str, object]:
        """Return the unformatted values as plain ones."""
        return self.summary().to_dict()

    def to_markdown(self) -> str:
        """Return the summary as a Markdown table."""
        return self.summary().to_markdown()

    def to_latex(self) -> str:
        """Return the summary as a LaTeX table."""
        return self.summary().to_latex()

    def __repr__(self) -> str:
        return str(self.summary())

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

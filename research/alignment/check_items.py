"""What a check found, line by line, worst first: the form that a linter gives it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from research.alignment.findings import Severity

if TYPE_CHECKING:
    from research.alignment.findings import Finding
    from research.loaders import Remark

__all__ = ["Checked", "Item", "finding_item", "printable", "remark_item"]

SCHEMA: Final = "research.check/1"

_ORDER: Final[dict[Severity, int]] = {"error": 0, "warning": 1, "note": 2}
_WARN: Final = frozenset(
    {
        "adjusted_close",
        "bar_inconsistent",
        "duplicate_bar",
        "identical_duplicate",
        "maybe_adjusted",
        "out_of_order",
        "shifted_header",
        "swapped_volumes",
        "total_differs",
        "unit_not_stated",
    }
)
"""Remarks after which a person should look at the file; the others only say what was done."""

# Control characters steer a terminal, and marks of writing direction reorder what it shows.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def printable(text: str) -> str:
    r"""Return a text without anything that steers a terminal: such characters are written as escapes.

    Examples
    --------
    >>> printable("NAV\x1b[31m")
    'NAV\\x1b[31m'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True)
class Item:
    """One line.

    Parameters
    ----------
    path : str
        File, relative to the folder; or the fund where the line is about one.
    severity : {"error", "warning", "note"}
        How bad it is.
    rule : str
        Name of the rule.
    message : str
        One sentence.
    row : int or None
        Row of the file.
    fund : str
        Fund, where the line is about one.
    series : str
        Column or series.
    session : str
        Day, ISO.
    """

    path: str
    severity: Severity
    rule: str
    message: str
    row: int | None = None
    fund: str = ""
    series: str = ""
    session: str = ""

    def __str__(self) -> str:
        place = self.path if self.row is None else f"{self.path}:{self.row}"
        return printable(f"{place}: {self.severity}: {self.message} [{self.rule}]")


@dataclass(frozen=True)
class Checked:
    """All lines of a check.

    Parameters
    ----------
    items : tuple of Item
        Worst first, then by file and row.
    files, funds : int
        How many were looked at.
    """

    items: tuple[Item, ...]
    files: int = 0
    funds: int = 0

    @classmethod
    def of(cls, items: Iterable[Item], files: int = 0, funds: int = 0) -> Checked:
        """Return lines in order, each once."""
        every = dict.fromkeys(items)
        ordered = sorted(every, key=lambda item: (_ORDER[item.severity], item.path, item.row or 0, item.session))
        return cls(tuple(ordered), files, funds)

    @property
    def counts(self) -> dict[str, int]:
        """Lines of each severity."""
        found = Counter(item.severity for item in self.items)
        return {name: found[name] for name in _ORDER}

    @property
    def worst(self) -> Severity | None:
        """Severity of the worst line; None where there is none."""
        return self.items[0].severity if self.items else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "schema": SCHEMA,
            "files": self.files,
            "funds": self.funds,
            "counts": self.counts,
            "items": [asdict(item) for item in self.items],
        }

    def __str__(self) -> str:
        counts = self.counts
        told = ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for name, count in counts.items() if count)
        looked = [f"{self.files} file{'s' if self.files != 1 else ''}"] if self.files else []
        looked += [f"{self.funds} fund{'s' if self.funds != 1 else ''}"] if self.funds else []
        summary = f"{' and '.join(looked) or 'nothing'} checked: {told or 'nothing to say'}"
        return "\n".join([*map(str, self.items), summary])


def remark_item(path: str, remark: Remark, fund: str = "") -> Item:
    """Return what a loader remarked as a line."""
    severity: Severity = "warning" if remark.rule in _WARN else "note"
    return Item(path, severity, remark.rule, remark.message, remark.row, fund, remark.column)


def finding_item(path: str, finding: Finding, fund: str = "") -> Item:
    """Return what a screen found as a line."""
    day = "" if finding.session is None else f"{pd.Timestamp(finding.session):%Y-%m-%d}"
    return Item(path, finding.severity, finding.rule, finding.message, None, fund, finding.series, day)

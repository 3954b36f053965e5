"""What a screen found: the rule, the series, the session, a value and a sentence for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import pandas as pd

from research.alignment.dates import iso_day
from research.tables import Format, Result, Table

__all__ = ["SEVERITIES", "Finding", "Findings", "Severity", "findings_table"]

Severity = Literal["error", "warning", "note"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the worst on."""

_SHOWN = 40


@dataclass(frozen=True, repr=False)
class Finding:
    """One thing that a screen noticed; nothing has been changed because of it.

    Parameters
    ----------
    rule : str
        Name of the screen.
    series : str
        Column that it is about.
    session : pandas.Timestamp or None
        The session, or None where the finding is about the whole series.
    value : float
        The number that set the screen off; its meaning is the rule's (a price, a count, a lag).
    message : str
        One sentence with row, rule and value.
    severity : {"error", "warning", "note"}
        ``error``: the numbers cannot be trusted until this is resolved; ``warning``: a row to look at; ``note``: good
        to know.
    sessions : tuple of pandas.Timestamp
        Every session that was flagged: `session` alone unless the finding counts several; empty where it is about the
        whole series.
    acknowledged : str
        Why somebody who looked at it is content, from the fund's entry, or how the rows were left out; empty where
        nobody has.

    Examples
    --------
    >>> found = Finding("stale_value", "close", pd.Timestamp("2026-03-06"), 30.61, "close repeats 30.61")
    >>> len(found.sessions), found.is_open
    (1, True)
    """

    rule: str
    series: str
    session: pd.Timestamp | None
    value: float
    message: str
    severity: Severity = "warning"
    sessions: tuple[pd.Timestamp, ...] = ()
    acknowledged: str = ""

    def __post_init__(self) -> None:
        if self.session is not None and not self.sessions:
            object.__setattr__(self, "sessions", (self.session,))

    @property
    def is_open(self) -> bool:
        """Whether it is an error or a warning that nobody has acknowledged."""
        return self.severity != "note" and not self.acknowledged

    def within(self, first: pd.Timestamp, last: pd.Timestamp) -> Finding | None:
        """Return what it says of a part of the sample; None where it flags sessions and none of them lies inside."""
        inside = tuple(session for session in self.sessions if first <= session <= last)
        if len(inside) == len(self.sessions):
            return self
        return replace(self, session=self.session and inside[0], sessions=inside) if inside else None

    def __str__(self) -> str:
        known = f" (acknowledged: {self.acknowledged})" if self.acknowledged else ""
        return f"{self.severity}: {self.message} [{self.rule}]{known}"

    __repr__ = __str__


class Findings(Result, tuple[Finding, ...]):
    """What the screens found, a tuple that shows itself as a table.

    Examples
    --------
    >>> Findings([Finding("spike", "nav", pd.Timestamp("2026-03-06"), 1.1, "NAV jumps and comes back")])
    What the screens found
        rule   series  session     sessions  value  severity  message
    1  spike  nav     2026-03-06         1    1.1  warning   NAV jumps and comes back
    """

    __slots__ = ()

    @property
    def open(self) -> Findings:
        """Errors and warnings that nobody has acknowledged, the worst first."""
        return Findings(
            sorted((item for item in self if item.is_open), key=lambda item: SEVERITIES.index(item.severity))
        )

    def summary(self) -> Table:
        """Return the first findings, one row each; a call for all of them is in the note where there are more."""
        table = findings_table(self[:_SHOWN])
        rest = len(self) - _SHOWN
        return replace(table, notes=(f"{rest} more: to_frame() has all.",)) if rest > 0 else table

    def to_frame(self) -> pd.DataFrame:
        """Return every finding, one row each."""
        return findings_table(self).to_frame()

    def to_dict(self) -> dict[str, object]:
        """Return every finding as plain values."""
        return findings_table(self).to_dict()


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return findings as a table, one row each.

    Parameters
    ----------
    findings : sequence of Finding

    Returns
    -------
    research.tables.Table
        Columns ``rule``, ``series``, ``session``, ``sessions`` (how many are flagged), ``value``, ``severity`` and
        ``message``; ``acknowledged`` too where something is.

    Examples
    --------
    >>> found = Finding("stale_value", "close", pd.Timestamp("2026-03-06"), 30.61, "close repeats 30.61")
    >>> findings_table([found]).to_frame()["rule"].tolist()
    ['stale_value']
    """
    acknowledged = ["acknowledged"] if any(finding.acknowledged for finding in findings) else []
    columns = ["rule", "series", "session", "sessions", "value", "severity", *acknowledged, "message"]
    rows = [
        [len(finding.sessions) if column == "sessions" else getattr(finding, column) for column in columns]
        for finding in findings
    ]
    frame = pd.DataFrame(rows, columns=columns, index=range(1, len(rows) + 1))
    formats: dict[str, Format] = {"session": iso_day, "value": ".6g"}
    caption = "What the screens found" if rows else "The screens found nothing"
    return Table(frame, caption, formats)

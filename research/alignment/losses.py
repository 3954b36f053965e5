"""What alignment dropped and why, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from research.alignment.dates import iso_day
from research.errors import ParameterError
from research.tables import Result, Table

__all__ = ["LOST_SESSIONS", "RULES", "LossReport"]

RULES: Final[dict[str, str]] = {
    "before_listing": "row before the fund was listed",
    "before_start": "row before the start of the sample",
    "after_end": "row after the end of the sample",
    "weekend": "row on a weekend day without a session",
    "holiday": "row on a weekday without a session",
    "not_sampled": "row inside a week or month, of which the last session is taken",
    "missing_value": "session whose row lacks a required value",
    "no_row": "session without a row",
    "masked_stale_close": "close set to missing because the stale screen flagged it",
    "masked_spike_close": "close set to missing because the screen of bad ticks flagged it",
    "masked_session": "session whose net asset value or benchmark a screen flagged",
}
"""Every rule by which something is left out, in the order in which they are asked."""

# A session without a row was never a row, and a masked close leaves its row in the sample.
_NOT_ROWS = ("no_row", "masked_stale_close", "masked_spike_close")
LOST_SESSIONS: Final = ("missing_value", "no_row", "masked_session")
"""Rules by which a session of the exchange is not in the sample."""


@dataclass(frozen=True, eq=False)
class LossReport(Result):
    """Rows in, rows out, and a reason for each row in between.

    Parameters
    ----------
    rows_in : int
        Labels that at least one of the joined series carries.
    rows_out : int
        Rows of the aligned frame.
    dropped : pandas.DataFrame
        One row for each loss, by date: ``date``, ``rule`` and ``detail``.
    sessions : int
        Sessions that the exchange held between start and end: what could have been kept.

    Raises
    ------
    ParameterError
        If the rows do not add up: ``rows_in == rows_out + rows_dropped``.

    Notes
    -----
    Not dropped rows are ``no_row`` (a session for which the files hold nothing) and ``masked_stale_close`` and
    ``masked_spike_close`` (the row stays, its close does not). Lost sessions are those of `LOST_SESSIONS`.

    Examples
    --------
    >>> dropped = pd.DataFrame({"date": [pd.Timestamp("2024-07-27")], "rule": ["weekend"], "detail": ["repeats"]})
    >>> report = LossReport(rows_in=3, rows_out=2, dropped=dropped, sessions=2)
    >>> report.counts(), report.lost_share
    ({'weekend': 1}, 0.0)
    """

    rows_in: int
    rows_out: int
    dropped: pd.DataFrame
    sessions: int

    def __post_init__(self) -> None:
        unknown = set(self.dropped["rule"]) - set(RULES)
        if unknown:
            raise ParameterError(f"unknown loss rule {sorted(unknown)[0]!r} (rules: {', '.join(RULES)})")
        if self.rows_in != self.rows_out + self.rows_dropped:
            raise ParameterError(
                f"losses do not add up: {self.rows_in} rows in, {self.rows_out} out, {self.rows_dropped} dropped"
            )

    @property
    def rows_dropped(self) -> int:
        """Rows of the files that are not in the frame."""
        return int((~self.dropped["rule"].isin(_NOT_ROWS)).sum())

    @property
    def sessions_lost(self) -> int:
        """Sessions of the exchange between start and end that are not in the frame."""
        return int(self.dropped["rule"].isin(LOST_SESSIONS).sum())

    @property
    def lost_share(self) -> float:
        """Share of the sessions between start and end that are not in the frame, a fraction."""
        return self.sessions_lost / self.sessions if self.sessions else 0.0

    def counts(self) -> dict[str, int]:
        """Return how often each rule applied, without those that never did."""
        found = self.dropped["rule"].value_counts()
        return {rule: int(found[rule]) for rule in RULES if rule in found.index}

    @property
    def in_words(self) -> str:
        """The counts in one line: ``823 rows in, 547 kept: weekend 226; 0 sessions lost``."""
        counts = ", ".join(f"{rule} {count}" for rule, count in self.counts().items()) or "nothing dropped"
        return f"{self.rows_in} rows in, {self.rows_out} kept: {counts}; {self.sessions_lost} sessions lost"

    def to_frame(self) -> pd.DataFrame:
        """Return every loss: ``date``, ``rule``, ``detail``, by date."""
        return self.dropped.copy()

    def summary(self) -> Table:
        """Return the counts with the rule in words and the detail of one example each."""
        first = self.dropped.drop_duplicates("rule").set_index("rule")
        counts = self.counts()
        frame = pd.DataFrame(
            {
                "rows": list(counts.values()),
                "meaning": [RULES[rule] for rule in counts],
                "first": [first.loc[rule, "date"] for rule in counts],
                "example": [first.loc[rule, "detail"] for rule in counts],
            },
            index=list(counts),
        )
        caption = f"Rows dropped: {self.rows_in} in, {self.rows_out} kept, {self.rows_dropped} dropped"
        note = f"{self.sessions_lost} of {self.sessions} sessions lost ({100 * self.lost_share:.1f} %)."
        return Table(frame, caption, {"first": iso_day}, (note,))

"""Clocks, sessions and alignment: the only room where series meet.

`align` puts series on the sessions of an exchange and reports every row that does not stay; the screens name rows that
a reader should look at and change none. `research.opening` does both for a fund and returns a `History`.
"""

from research.alignment.align import align
from research.alignment.clock import Clock
from research.alignment.clock_offset import ClockOffset, clock_offset, clock_offset_by_period, expected_offset
from research.alignment.dates import as_date
from research.alignment.findings import Finding, Findings, Severity, findings_table
from research.alignment.history import Basis, History
from research.alignment.losses import RULES, LossReport
from research.alignment.naive import NaiveCost, naive_cost
from research.alignment.screens import screen
from research.alignment.screens_calendar import carried_forward, early_close, shifted_dates
from research.alignment.screens_columns import (
    constant_column,
    copied_columns,
    copied_funds,
    non_positive,
    premium_in_dollars,
    premium_out_of_bounds,
    swapped_columns,
    zero_columns,
)
from research.alignment.screens_published import premium_sign, redundant_columns
from research.alignment.screens_stale import printed_tick, stale_value
from research.alignment.sessions import early_closes, is_session, session_closes, sessions

__all__ = [
    "RULES",
    "Basis",
    "Clock",
    "ClockOffset",
    "Finding",
    "Findings",
    "History",
    "LossReport",
    "NaiveCost",
    "Severity",
    "align",
    "as_date",
    "carried_forward",
    "clock_offset",
    "clock_offset_by_period",
    "constant_column",
    "copied_columns",
    "copied_funds",
    "early_close",
    "early_closes",
    "expected_offset",
    "findings_table",
    "is_session",
    "naive_cost",
    "non_positive",
    "premium_in_dollars",
    "premium_out_of_bounds",
    "premium_sign",
    "printed_tick",
    "redundant_columns",
    "screen",
    "session_closes",
    "sessions",
    "shifted_dates",
    "stale_value",
    "swapped_columns",
    "zero_columns",
]

"""All screens in one call. A screen names rule, row and value; none of them changes a number."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from research.alignment.align import PRICES
from research.alignment.clock import Clock
from research.alignment.findings import SEVERITIES, Findings
from research.alignment.screens_calendar import carried_forward, early_close, shifted_dates
from research.alignment.screens_clock import clock_offset_screen
from research.alignment.screens_columns import (
    constant_column,
    copied_columns,
    non_positive,
    premium_in_dollars,
    premium_out_of_bounds,
    swapped_columns,
    zero_columns,
)
from research.alignment.screens_jumps import distribution_as_loss, spike, spin_off, unadjusted_split
from research.alignment.screens_published import premium_sign, redundant_columns
from research.alignment.screens_stale import stale_value
from research.alignment.sessions import early_closes
from research.alignment.sessions import sessions as calendar_sessions

__all__ = ["screen"]


def screen(
    frame: pd.DataFrame,
    *,
    calendar: str | None = None,
    raw: Mapping[str, pd.Series[float]] | None = None,
    units: Mapping[str, str] | None = None,
    ticks: Mapping[str, float | None] | None = None,
    multiple: float = 1.0,
    clock: str | None = None,
    distributions: pd.Series[float] | None = None,
    beside: pd.DataFrame | None = None,
    asset: str | None = None,
    prices: pd.Series[float] | None = None,
) -> Findings:
    """Run every screen that the data allow.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions x ``nav``, ``benchmark`` and possibly ``close``; positive, NaN allowed.
    calendar : str, optional
        Exchange calendar; without it the screens on early closes and carried-forward rows are left out.
    raw : mapping of role to series, optional
        The series as the files have them, calendar rows included: ``nav``, ``benchmark``, ``close``,
        ``premium_published``, and any other of the fund's.
    units : mapping of role to str, optional
        Stated units, of which ``premium_published`` is used.
    ticks : mapping of role to float, optional
        Rounding of the printed values.
    multiple : float
        Multiple of the benchmark's daily return that the fund states.
    clock : str, optional
        The fund's clock, such as ``"16:00 America/New_York"``, which is also taken where none is given.
    distributions : pandas.Series, optional
        Cash per share by ex-date, where it is known.
    beside : pandas.DataFrame, optional
        The publisher's table that the NAV comes from, for what it says twice, see `redundant_columns`.
    asset : str, optional
        What the fund holds, such as ``"ether"``: when in the week it moves is known of some.
    prices : pandas.Series, optional
        Intraday prices of the asset by UTC instant, as `locate` takes them.

    Returns
    -------
    Findings
        Errors first, then warnings, then notes; within each by date.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=40)
    >>> frame = pd.DataFrame({"nav": 30.0, "benchmark": range(3000, 3040)}, days).astype(float)
    >>> [found.rule for found in screen(frame)]
    ['constant_column']
    """
    if len(frame) == 0:
        return Findings()
    raw = raw or {}
    findings = [
        *non_positive(frame),
        *constant_column(frame),
        *zero_columns({role: values for role, values in raw.items() if role not in PRICES}),
        *copied_columns(frame),
        *premium_out_of_bounds(frame),
        *swapped_columns(frame, multiple=multiple),
        *shifted_dates(frame, multiple=multiple),
        *stale_value(frame, ticks=ticks, raw=raw),
        *unadjusted_split(frame, multiple=multiple),
        *spin_off(frame, multiple=multiple),
        *distribution_as_loss(frame, distributions=distributions, multiple=multiple),
        *spike(frame, multiple=multiple),
    ]
    # A value that was not updated jumps away and back too; it has been named by then.
    stale = {(item.series, item.session) for item in findings if item.rule == "stale_value"}
    findings = [item for item in findings if item.rule != "spike" or (item.series, item.session) not in stale]
    # Dates that are a session off are hours off too; one complaint is enough.
    if not any(item.rule == "shifted_dates" for item in findings):
        stated = clock or str(Clock())
        findings += clock_offset_screen(frame, clock=stated, multiple=multiple, asset=asset, prices=prices)
    if "premium_published" in raw:
        findings += premium_in_dollars(frame, raw["premium_published"], (units or {}).get("premium_published"))
        findings += premium_sign(frame, raw["premium_published"])
    elif beside is not None and "premium" in beside:
        findings += premium_sign(frame, beside["premium"])
    if beside is not None:
        findings += redundant_columns(beside, pd.DatetimeIndex(frame.index))
    if calendar is not None:
        first, last = pd.Timestamp(frame.index[0]), pd.Timestamp(frame.index[-1])
        findings += early_close(frame, early_closes(calendar, first, last))
        if "nav" in raw and "benchmark" in raw:
            findings += carried_forward(raw["nav"], raw["benchmark"], calendar_sessions(calendar, first, last))
    return Findings(
        sorted(
            findings,
            key=lambda item: (SEVERITIES.index(item.severity), item.session or pd.Timestamp.min, item.series),
        )
    )

"""What asset tiers do to a fee: dollars by quarter with tiers applied every day, and by the shortcut that misses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.funds import Fund
from research.tables import Table

__all__ = ["TierQuarter", "tier_quarters", "tiers_table"]


@dataclass(frozen=True)
class TierQuarter:
    """One quarter under a tiered fee.

    Parameters
    ----------
    label : str
        ``2025Q1``.
    days : int
        Calendar days of it inside sample and schedule.
    mean_assets : float
        US dollars, over calendar days.
    charged : float
        Fee in US dollars, tiers applied to each day's assets.
    waived : float
        What the highest tier's rate would have cost more.
    shortcut : float
        The same from the quarter's average assets.
    effective : float
        Charged over average assets, a fraction a year.
    disclosed : float
        What the fund printed as waived, US dollars; NaN where it is not known.
    """

    label: str
    days: int
    mean_assets: float
    charged: float
    waived: float
    shortcut: float
    effective: float
    disclosed: float

    def to_dict(self) -> dict[str, object]:
        """Return the quarter as plain numbers."""
        return {
            "quarter": self.label,
            "days": self.days,
            "mean_assets_usd": self.mean_assets,
            "charged_usd": self.charged,
            "waived_usd": self.waived,
            "waived_by_average_usd": self.shortcut,
            "effective_bp": self.effective / BASIS_POINT,
            "disclosed_waived_usd": self.disclosed,
        }


def tier_quarters(history: History) -> tuple[TierQuarter, ...]:
    """Return every quarter in which the fund's fee depended on its assets; none where daily assets are not known.

    Parameters
    ----------
    history : History
        With a column ``assets`` and a fund whose fee is known.

    Returns
    -------
    tuple of TierQuarter
        In order of time; quarters at either end of sample or waiver may be short, see ``days``.

    Raises
    ------
    DataError
        If assets are missing on a session whose fee depends on them.

    Notes
    -----
    A day that is no session has the assets of the last session before it, on whose NAV the fee accrues. The fee in
    dollars is a convex function of assets where rates rise, so the fee on average assets is too low.
    """
    fund, assets = history.fund, history.frame.get("assets")
    if fund.fee is None or assets is None:
        return ()
    quarters = []
    for period in fund.fee.regimes(history.start.date(), history.end.date()):
        if period.is_flat:
            continue
        days = pd.date_range(period.start, period.end or history.end, freq="D")
        top = max(tier.rate for tier in period.tiers)
        for quarter, part in pd.Series(days, days).groupby(days.to_period("Q")):
            quarters.append(_quarter(fund, str(quarter), pd.DatetimeIndex(part), assets, top))
    return tuple(quarters)


def _quarter(fund: Fund, label: str, days: pd.DatetimeIndex, assets: pd.Series[float], top: float) -> TierQuarter:
    labels = pd.DatetimeIndex(assets.index)
    held = assets.to_numpy(dtype=float)[labels.searchsorted(days, side="right") - 1]
    mean = float(held.mean())
    charged = float((fund.fee_rates(days, assets).to_numpy() * held).sum() / DAYS_PER_YEAR)
    flat = fund.fee_rates(days, pd.Series(mean, labels))
    fact = fund.facts.get(f"fee_waived_{label[:4]}_q{label[-1]}_usd")
    known = fact is not None and isinstance(fact.value, (int, float))
    return TierQuarter(
        label=label,
        days=len(days),
        mean_assets=mean,
        charged=charged,
        waived=float(top * held.sum() / DAYS_PER_YEAR) - charged,
        shortcut=float(((top - flat.to_numpy()) * mean).sum() / DAYS_PER_YEAR),
        effective=charged / float(held.sum()) * DAYS_PER_YEAR if held.any() else math.nan,
        disclosed=float(fact.value) if known and fact is not None else math.nan,  # type: ignore[arg-type]
    )


def tiers_table(fund: Fund, quarters: tuple[TierQuarter, ...]) -> Table:
    """Return the quarters under a tiered fee as a table."""
    frame = pd.DataFrame(
        {
            "days": [one.days for one in quarters],
            "assets, $m": [one.mean_assets / 1e6 for one in quarters],
            "rate, bp": [one.effective / BASIS_POINT for one in quarters],
            "waived, $": [one.waived for one in quarters],
            "shortcut, $": [one.shortcut for one in quarters],
            "off by, %": [100 * (one.shortcut / one.waived - 1) if one.waived else np.nan for one in quarters],
            "disclosed, $": [one.disclosed for one in quarters],
        },
        index=[one.label for one in quarters],
    )
    notes = (
        "Tiers are applied to the assets of every calendar day; the shortcut applies them once to the quarter's "
        "average assets. Rate: what was charged over average assets. Disclosed: what the fund printed as waived.",
    )
    dollars = dict.fromkeys(("waived, $", "shortcut, $", "disclosed, $"), ",.0f")
    formats = {"assets, $m": ",.0f", "rate, bp": ".2f", "off by, %": "+.2f", **dollars}
    return Table(frame, f"Tiers of {fund.ticker} by quarter, US dollars", formats, notes)

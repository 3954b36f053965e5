"""Tables of a premium: outside bands, by quarter, and what it adds to a holder's return."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from research.analyses.phrases import bp
from research.conventions import BASIS_POINT
from research.tables import Table

__all__ = ["bands_table", "holding_gains", "holding_table", "quarters_table"]


def bands_table(premium: pd.Series, bands: Sequence[float], ticker: str) -> Table:
    """Return how often, on which side and how long at a stretch a premium lay outside each band.

    Parameters
    ----------
    premium : pandas.Series
        Log premium; NaN is left out.
    bands : sequence of float
        Half widths, fractions.
    ticker : str
        For the caption.
    """
    known = premium.dropna()
    rows = {}
    for band in bands:
        out = known.abs() > band
        runs = out.groupby((~out).cumsum()).sum()
        above, below = int((known > band).sum()), int((known < -band).sum())
        rows[f"±{bp(band)}"] = [above, below, above + below, 100 * float(out.mean()), int(runs.max())]
    columns = ["above", "below", "together", "% of sessions", "longest run, sessions"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    formats = {"% of sessions": ".1f"} | dict.fromkeys((*columns[:3], columns[4]), ",.0f")
    return Table(frame, f"Sessions of {ticker} outside a band around net asset value", formats)


def quarters_table(premium: pd.Series) -> Table:
    """Return a premium's mean, deviation and mean absolute value by quarter, in basis points.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; NaN is left out.
    """
    known = premium.dropna() / BASIS_POINT
    groups = known.groupby(pd.DatetimeIndex(known.index).to_period("Q"))
    frame = pd.DataFrame(
        {
            "sessions": groups.size(),
            "mean": groups.mean(),
            "standard deviation": groups.std(),
            "mean absolute": groups.apply(lambda part: part.abs().mean()),
        }
    )
    frame.index = pd.Index([str(quarter) for quarter in frame.index])
    notes = ("Basis points of net asset value, stale and early closes left out.",)
    formats = {"sessions": ",.0f", "mean": "+.1f", "standard deviation": ".1f", "mean absolute": ".1f"}
    return Table(frame, "Premium by quarter, bp", formats, notes)


def holding_gains(premium: pd.Series, horizons: Sequence[int]) -> pd.DataFrame:
    """Return what the premium's change adds to a holder's return, by sessions held: fractions, not annualised.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; a holding that begins or ends on a NaN is left out.
    horizons : sequence of int
        Sessions held.
    """
    rows = {}
    for sessions in horizons:
        change = (premium.shift(-sessions) - premium).dropna()
        if len(change) > 2:
            rows[sessions] = [float(change.std()), *(float(change.quantile(q)) for q in (0.05, 0.95))]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["sd", "p5", "p95"])


def holding_table(gains: pd.DataFrame) -> Table:
    """Return `holding_gains` as a table in basis points."""
    frame = gains.set_axis(["standard deviation", "5th percentile", "95th percentile"], axis=1) / BASIS_POINT
    frame.index = pd.Index([f"{h} session{'s' if h > 1 else ''}" for h in gains.index])
    notes = ("Change of the premium from purchase to sale, both at the close; not annualised, spread not included.",)
    formats = dict.fromkeys(map(str, frame.columns), ".1f")
    return Table(frame, "What the premium adds to a holder's return, bp", formats, notes)

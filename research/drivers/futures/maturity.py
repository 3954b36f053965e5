"""A curve that is published by maturity only, and the position that keeps a constant maturity on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.drivers.futures.curve import as_dates, as_prices, calendar_days, check_positive, day, spanned
from research.drivers.futures.held import HeldFutures, check_cost, check_spot, split_held
from research.errors import DataError, ParameterError, SampleError
from research.tables import Result, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["MONTH", "ConstantMaturityCurve", "hold_constant_maturity"]

MONTH: Final = DAYS_PER_YEAR / 12
"""Calendar days of an average month: what a vendor's ``1M`` means, and how far monthly contracts lie apart."""


@dataclass(frozen=True, eq=False)
class ConstantMaturityCurve(Result):
    """Futures prices at fixed maturities, as data vendors publish them.

    Parameters
    ----------
    prices : pandas.DataFrame of float, shape (sessions, maturities)
        Columns are calendar days ahead, positive and increasing (`MONTH` for ``1M``); NaN where there is no price.

    Raises
    ------
    DataError
        If labels are not sorted and unique, a maturity is not positive, or a price is zero, negative or infinite.

    Examples
    --------
    >>> curve = ConstantMaturityCurve(pd.DataFrame({30.0: [101.0], 60.0: [103.0]}, pd.to_datetime(["2024-01-15"])))
    >>> curve.price(45.0).tolist(), curve.price(29.0).round(3).tolist()
    ([102.0], [100.933])
    """

    prices: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        rows = as_dates(self.prices.index, "sessions of the curve")
        try:
            maturities = self.prices.columns.to_numpy(dtype="float64")
        except (TypeError, ValueError):
            raise DataError("the columns of the curve are not maturities: name them by calendar days ahead") from None
        if not maturities.size or not (maturities > 0).all() or not (np.diff(maturities) > 0).all():
            raise DataError(f"the maturities {maturities.tolist()} must be positive, unique and increasing days")
        values = as_prices(self.prices, "prices of the curve")
        check_positive(values, rows, [f"the maturity of {maturity:g} days" for maturity in maturities])
        object.__setattr__(self, "prices", pd.DataFrame(values, index=rows, columns=pd.Index(maturities)))

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """Sessions with a row."""
        return pd.DatetimeIndex(self.prices.index)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the prices."""
        return self.prices.copy()

    def summary(self) -> Table:
        """Return what the curve covers."""
        maturities = ", ".join(f"{float(maturity):.4g}" for maturity in self.prices.columns)
        rows = {
            "sessions": spanned(self.sessions),
            "maturities (days)": maturities,
            "prices": str(int(self.prices.notna().to_numpy().sum())),
            "missing": str(int(self.prices.isna().to_numpy().sum())),
        }
        return Table.of(rows, "Futures curve by maturity")

    def price(self, days: float | NDArray[np.float64], spot: pd.Series | None = None) -> pd.Series:
        """Return the price some days ahead, linear in time between the maturities around it.

        Parameters
        ----------
        days : float or array of float, one for each session
            Calendar days ahead.
        spot : pandas.Series of float, optional
            Price at zero days, used below the shortest maturity.

        Returns
        -------
        pandas.Series of float

        Raises
        ------
        ParameterError
            If the days are beyond the longest maturity or negative, or below the shortest one of a curve that has
            neither a second maturity nor spot.
        DataError
            If a price that is needed is missing, or the line falls to zero.

        Notes
        -----
        Below the shortest maturity the line through the two shortest is continued, or drawn to `spot` where it is
        given.
        """
        nodes = self.prices.columns.to_numpy(dtype="float64")
        values = self.prices.to_numpy()
        if spot is not None:
            nodes = np.concatenate([[0.0], nodes])
            values = np.column_stack([check_spot(spot, self.sessions), values])
        wanted = np.broadcast_to(np.asarray(days, dtype="float64"), len(values))
        if (wanted < 0).any() or (wanted > nodes[-1]).any():
            worst = wanted[int(np.argmax((wanted < 0) | (wanted > nodes[-1])))]
            raise ParameterError(
                f"a maturity of {worst:g} days lies outside the curve, which ends at {nodes[-1]:g} days"
            )
        rows = np.arange(len(values))
        if len(nodes) == 1:
            if (wanted != nodes[0]).any():
                raise ParameterError("the curve has a single maturity: give a second one, or spot, to price another")
            low, share = np.zeros(len(values), dtype=np.int64), np.ones(len(values))
            high = low
        else:
            low = np.clip(np.searchsorted(nodes, wanted, side="right") - 1, 0, len(nodes) - 2)
            high = low + 1
            share = (nodes[high] - wanted) / (nodes[high] - nodes[low])
        # A weight of zero needs no price: the longest maturity may be asked for where the one below it is missing.
        first = np.where(share == 0.0, 0.0, share * values[rows, low])
        second = np.where(share == 1.0, 0.0, (1.0 - share) * values[rows, high])
        price: Array = first + second
        if not (price > 0).all():
            row = int((~(price > 0)).argmax())
            raise DataError(
                f"the curve gives no positive price {wanted[row]:g} days ahead of {day(self.sessions[row])}: a "
                "maturity around it is missing there; supply it or leave the session out"
            )
        return pd.Series(price, index=self.sessions, name="price")


def hold_constant_maturity(
    curve: ConstantMaturityCurve,
    days: float,
    spot: pd.Series,
    *,
    cost: float = 0.0,
    below: Literal["curve", "spot"] = "curve",
    spacing: float = MONTH,
) -> HeldFutures:
    """Return what a position of constant maturity has earned, from a curve that knows maturities but no contracts.

    Parameters
    ----------
    curve : ConstantMaturityCurve
        Settlement prices by maturity.
    days : float
        Maturity after each close, calendar days.
    spot : pandas.Series of float
        Price of the asset on the same sessions and at the clock of the settlements.
    cost : float
        Trading cost as a fraction of the value traded.
    below : {"curve", "spot"}
        How a maturity below the shortest is priced: on the line of the two shortest, or on the line to spot.
    spacing : float
        Calendar days between one contract and the next, from which turnover follows.

    Returns
    -------
    HeldFutures
        Log returns by interval and the state after each close.

    Raises
    ------
    ParameterError
        If `below` is neither word, a gap between sessions is longer than the maturity, or as in
        `ConstantMaturityCurve.price`.
    DataError, AlignmentError, SampleError
        As in `hold`.

    Notes
    -----
    What was bought with τ days to run has τ − Δ left one interval later, so its return is ``ln F_t(τ − Δ) − ln
    F_{t−1}(τ)``: the change of the constant-maturity price itself would leave out the roll yield. Carry and curve
    shift follow as for a single contract (`split_held`). Turning Δ days back into τ moves Δ/spacing of the position
    from one contract to the next, sale and purchase: that is the turnover, an upper bound on the few days on which
    the maturity passes a contract.

    Examples
    --------
    >>> sessions = pd.to_datetime(["2024-01-15", "2024-01-16"])
    >>> curve = ConstantMaturityCurve(pd.DataFrame({30.0: [101.0, 101.0], 60.0: [102.0, 102.0]}, sessions))
    >>> held = hold_constant_maturity(curve, 30.0, pd.Series(100.0, sessions))
    >>> (held.intervals["futures"] * 1e4).round(2).tolist()
    [-3.3]
    """
    check_cost(cost)
    if below not in ("curve", "spot"):
        raise ParameterError(f"below is {below!r}: give 'curve' or 'spot'")
    if not 0 < spacing < np.inf:
        raise ParameterError(f"contracts lie {spacing!r} days apart: give a positive number of calendar days")
    rows = curve.sessions
    if len(rows) < 2:
        raise SampleError("a return needs two sessions: the curve has one")
    price = check_spot(spot, rows)
    elapsed = calendar_days(rows).astype(float)
    if not days > elapsed.max():
        raise ParameterError(
            f"a maturity of {days:g} days does not outlive the {elapsed.max():g} days to "
            f"{day(rows[1:][int(elapsed.argmax())])}: hold a longer one"
        )
    bought = curve.price(days).to_numpy()
    left = days - np.concatenate([[0.0], elapsed])
    sold = curve.price(left, spot if below == "spot" else None).to_numpy()
    counts = np.ones((len(elapsed), 1))
    start, end = bought[:-1] / price[:-1], sold[1:] / price[1:]
    carry, shift = split_held(start[:, None], end[:, None], counts, np.full_like(counts, days), left[1:, None])
    turnover = 2.0 * np.minimum(elapsed / spacing, 1.0)
    intervals = {
        "days": elapsed,
        "futures": np.log(sold[1:] / bought[:-1]),
        "cost": np.log1p(-cost * turnover),
        "spot": np.diff(np.log(price)),
        "roll_yield": carry,
        "curve_shift": shift,
    }
    states = {
        "maturity": np.full(len(rows), float(days)),
        "turnover": np.append(0.0, turnover),
        "basis": np.log(bought / price) * DAYS_PER_YEAR / days,
    }
    return HeldFutures(
        intervals=pd.DataFrame(intervals, index=rows[1:]),
        states=pd.DataFrame(states, index=rows),
        weights=pd.DataFrame({float(days): 1.0}, index=rows),
        name=f"constant maturity of {days:g} days",
    )

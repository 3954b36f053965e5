"""The same measures before the fee, and as an investor who bought and sold at market prices would read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

import numpy as np
import pandas as pd

from research.errors import AlignmentError, ParameterError
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Returns, check_pair, check_same_labels, check_values, check_years
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, measured

__all__ = ["before_fee_returns", "investor_tracking_difference"]


def _investor(m: Array, n: int, o: Options) -> Array:
    spreads = o.get("entry_spread", 0.0), o.get("exit_spread", 0.0)
    if any(isinstance(o[name], Mapping) for name in ("entry_premium", "exit_premium")):
        raise ParameterError("give one premium at entry and one at exit")
    cost = o["exit_premium"] - o["entry_premium"] + np.log1p(-spreads[1] / 2) - np.log1p(spreads[0] / 2)
    return np.asarray((n * m[..., 0] + cost) / o["years"])


@overload
def before_fee_returns(fund_returns: pd.Series, accrual: pd.Series) -> pd.Series: ...
@overload
def before_fee_returns(fund_returns: pd.DataFrame, accrual: Returns) -> pd.DataFrame: ...
def before_fee_returns(fund_returns: Returns, accrual: Returns) -> pd.Series | pd.DataFrame:
    """Return the fund's returns with the stated fee accrual added back; every metric takes them.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction, labelled by the end of the period; one column for each fund.
    accrual : pandas.Series or pandas.DataFrame
        Cumulated log accrual, falling: −Σ rate·days/365 since the first session. One row more than the returns,
        namely the session where the first period begins (`FeeSchedule.accrual` gives this).

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Log returns per period before the fee, on the labels of `fund_returns`. NaN where the return is NaN or the
        accrual at either end of the period is.

    Raises
    ------
    AlignmentError
        If the accrual's labels after its first are not those of the returns, or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    r_t − (A_t − A_{t−1}), A the cumulated accrual. Exact for log returns.

    Examples
    --------
    >>> import pandas as pd
    >>> accrual = pd.Series([0.0, -0.00002, -0.00004], index=[0, 1, 2])
    >>> before_fee_returns(pd.Series([0.01, -0.02], index=[1, 2]), accrual).round(6).tolist()
    [0.01002, -0.01998]
    """
    check_values(fund_returns, "the fund")
    cumulated = check_values(accrual, "the accrual")
    if len(accrual) != len(fund_returns) + 1:
        raise AlignmentError(
            f"the accrual has {len(accrual)} rows and the fund {len(fund_returns)} returns: give one accrual more, "
            "the session where the first period begins"
        )
    check_same_labels(fund_returns.index, accrual.index[1:], "the fund", "the accrual after its first row")
    steps = cumulated.like(np.diff(cumulated.array, axis=0), index=cumulated.index[1:])
    pair = check_pair(fund_returns, steps)
    return pair.like(pair.difference)


@overload
def investor_tracking_difference(
    fund_returns: pd.Series,
    benchmark_returns: pd.Series,
    *,
    years: float,
    entry_premium: float,
    exit_premium: float,
    entry_spread: float = ...,
    exit_spread: float = ...,
) -> float: ...
@overload
def investor_tracking_difference(
    fund_returns: pd.DataFrame,
    benchmark_returns: Returns,
    *,
    years: float | pd.Series,
    entry_premium: float | pd.Series,
    exit_premium: float | pd.Series,
    entry_spread: float | pd.Series = ...,
    exit_spread: float | pd.Series = ...,
) -> pd.Series: ...
@measured(
    "investor's tracking difference",
    also=(
        "holding-period tracking difference at market prices",
        "tracking difference after trading costs",
    ),
    unit=A_YEAR,
    formula="[Σd + (π_exit − π_entry) + ln(1 − s_exit/2) − ln(1 + s_entry/2)] / years, s the quoted spread",
    form=Form(forms.divergence, _investor),
)
def investor_tracking_difference(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    years: float | pd.Series,
    entry_premium: float | pd.Series,
    exit_premium: float | pd.Series,
    entry_spread: float | pd.Series = 0.0,
    exit_spread: float | pd.Series = 0.0,
) -> float | pd.Series:
    """Return the log tracking difference per year of an investor who bought at the ask and sold at the bid.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns of *net asset value* per period, fraction; one column for each fund.
    entry_premium, exit_premium : float or pandas.Series
        Log premium of the mid price over net asset value when bought and when sold, fraction.
    entry_spread, exit_spread : float or pandas.Series
        Quoted spread at those times as a fraction of the mid price; 0 where not given.

    Returns
    -------
    float or pandas.Series
        Log fraction a year. NaN where a fund has no complete observation or a premium or spread is NaN.

    Raises
    ------
    ParameterError
        If `years` is not positive, or a spread is not in 0 to 2.

    Notes
    -----
    The premium is paid at entry and received at exit, and half the quoted spread is lost each way. Periods with a NaN
    on either side are left out of Σd.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.01, -0.02]), pd.Series([0.011, -0.019])
    >>> round(investor_tracking_difference(fund, benchmark, years=1, entry_premium=0.003, exit_premium=-0.001), 6)
    -0.006
    """
    pair = check_pair(fund_returns, benchmark_returns)
    given = {
        "entry_premium": entry_premium,
        "exit_premium": exit_premium,
        "entry_spread": entry_spread,
        "exit_spread": exit_spread,
    }
    numbers = {name: _by_fund(value, name, pair.columns) for name, value in given.items()}
    for name in ("entry_spread", "exit_spread"):
        if ((numbers[name] < 0) | (numbers[name] >= 2)).any():
            raise ParameterError(f"{name} is {given[name]!r}: give the quoted spread as a fraction of the mid price")
    premium = numbers["exit_premium"] - numbers["entry_premium"]
    spread = np.log1p(-numbers["exit_spread"] / 2) - np.log1p(numbers["entry_spread"] / 2)
    return pair.result((sample.total(pair.difference) + premium + spread) / check_years(years, pair))


def _by_fund(value: float | pd.Series, name: str, columns: pd.Index | None) -> np.ndarray:
    if isinstance(value, pd.Series):
        if columns is None:
            raise ParameterError(f"{name} is a Series but the fund is one Series: give one number")
        check_same_labels(columns, value.index, "the funds' columns", name)
    numbers = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if np.isinf(numbers).any():
        raise ParameterError(f"{name} is infinite")
    return numbers

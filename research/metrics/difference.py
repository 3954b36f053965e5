"""Tracking difference: what the fund earned less what its benchmark earned, per year of elapsed time.

Three definitions, each a function of its own. The log definition adds over time and over drivers and does not depend
on the benchmark's own return; the arithmetic one does, strongly.
"""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pandas as pd

from research.errors import UnknownNameError
from research.metrics import _sample as sample
from research.metrics._sample import Returns, check_pair, check_years

__all__ = [
    "observations",
    "tracking_difference",
    "tracking_difference_arithmetic",
    "tracking_difference_log",
    "tracking_difference_ratio",
]

Kind = Literal["log", "ratio", "arithmetic"]


@overload
def tracking_difference(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, years: float, kind: Kind = ...
) -> float: ...
@overload
def tracking_difference(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, years: float | pd.Series, kind: Kind = ...
) -> pd.Series: ...
def tracking_difference(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series, kind: Kind = "log"
) -> float | pd.Series:
    """Return the tracking difference per year by the definition that `kind` names.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    years : float or pandas.Series
        Elapsed time that the returns cover (Act/365, see `research.conventions.years_between`); by fund where a
        Series.
    kind : {"log", "ratio", "arithmetic"}
        Definition: `tracking_difference_log`, `tracking_difference_ratio` or `tracking_difference_arithmetic`.

    Returns
    -------
    float or pandas.Series
        Fraction a year, one number for each fund. NaN where a fund has no complete observation.

    Raises
    ------
    AlignmentError
        If labels or columns differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `years` is not positive and finite.
    UnknownNameError
        If `kind` is none of the three.

    Notes
    -----
    Periods in which either return is NaN are left out; `years` stays as given, so it should be the time that the
    remaining periods cover.

    Examples
    --------
    >>> import pandas as pd
    >>> fund = pd.Series([0.010, -0.020, 0.004])
    >>> benchmark = pd.Series([0.011, -0.019, 0.005])
    >>> round(tracking_difference(fund, benchmark, years=1.0), 6)
    -0.003
    """
    definitions = {
        "log": tracking_difference_log,
        "ratio": tracking_difference_ratio,
        "arithmetic": tracking_difference_arithmetic,
    }
    if kind not in definitions:
        raise UnknownNameError("kind of tracking difference", str(kind), definitions)
    chosen = definitions[kind]
    return chosen(fund_returns, benchmark_returns, years=years)  # type: ignore[arg-type]


@overload
def tracking_difference_log(fund_returns: pd.Series, benchmark_returns: pd.Series, *, years: float) -> float: ...
@overload
def tracking_difference_log(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, years: float | pd.Series
) -> pd.Series: ...
def tracking_difference_log(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the change of the divergence level per year: the default definition.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    years : float or pandas.Series
        Elapsed time that the returns cover, Act/365; by fund where a Series.

    Returns
    -------
    float or pandas.Series
        Log fraction a year. NaN where a fund has no complete observation.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `tracking_difference`.

    Notes
    -----
    (g_T − g_0) / years with g = ln fund − ln benchmark. It adds over consecutive samples and over drivers. Periods with
    a NaN on either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund = pd.DataFrame({"A": [0.010, -0.020], "B": [0.011, -0.018]})
    >>> tracking_difference_log(fund, pd.Series([0.011, -0.019]), years=2.0).round(6).to_dict()
    {'A': -0.001, 'B': 0.0005}
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(sample.total(pair.difference) / check_years(years, pair))


@overload
def tracking_difference_ratio(fund_returns: pd.Series, benchmark_returns: pd.Series, *, years: float) -> float: ...
@overload
def tracking_difference_ratio(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, years: float | pd.Series
) -> pd.Series: ...
def tracking_difference_ratio(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the annualised ratio of fund wealth to benchmark wealth, less one (geometric).

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    years : float or pandas.Series
        Elapsed time that the returns cover, Act/365; by fund where a Series.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no complete observation.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `tracking_difference`.

    Notes
    -----
    (Π(1+r) / Π(1+b))^(1/years) − 1 in simple returns, which is exp(log tracking difference) − 1. Periods with a NaN on
    either side are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.10, -0.115]), pd.Series([0.10, -0.10])
    >>> round(tracking_difference_ratio(fund, benchmark, years=1.0), 6)
    -0.014888
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(np.expm1(sample.total(pair.difference) / check_years(years, pair)))


@overload
def tracking_difference_arithmetic(fund_returns: pd.Series, benchmark_returns: pd.Series, *, years: float) -> float: ...
@overload
def tracking_difference_arithmetic(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, years: float | pd.Series
) -> pd.Series: ...
def tracking_difference_arithmetic(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the fund's compound annual growth less the benchmark's, as regulators and issuers quote it.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Log returns per period, fraction; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Log returns per period on the same labels; one benchmark, or the funds' columns.
    years : float or pandas.Series
        Elapsed time that the returns cover, Act/365; by fund where a Series.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no complete observation.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `tracking_difference`.

    Notes
    -----
    CAGR(fund) − CAGR(benchmark). It moves with the benchmark's own return: a fund whose only friction is a 1.50 % fee
    reads −0.79 % when the benchmark loses 47 % a year and −3.55 % when it gains 138 %. Never lead with it. Periods with
    a NaN on either side are left out.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> fund, benchmark = pd.Series([np.log(1.08)]), pd.Series([np.log(1.10)])
    >>> round(tracking_difference_arithmetic(fund, benchmark, years=1.0), 6)
    -0.02
    """
    pair = check_pair(fund_returns, benchmark_returns)
    span = check_years(years, pair)
    growth = [np.expm1(sample.total(side) / span) for side in (pair.fund, pair.benchmark)]
    return pair.result(growth[0] - growth[1])


@overload
def observations(fund_returns: pd.Series, benchmark_returns: pd.Series) -> float: ...
@overload
def observations(fund_returns: pd.DataFrame, benchmark_returns: Returns) -> pd.Series: ...
def observations(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return how many periods have both a fund return and a benchmark return: the n of every metric here.

    Parameters
    ----------
    fund_returns : pandas.Series or pandas.DataFrame
        Returns per period.
    benchmark_returns : pandas.Series or pandas.DataFrame
        Returns per period on the same labels; one benchmark, or the funds' columns.

    Returns
    -------
    float or pandas.Series
        Number of periods without a NaN on either side, one for each fund; 0 where there is none.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        As `tracking_difference`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> observations(pd.Series([0.01, np.nan, 0.02]), pd.Series([0.01, 0.02, 0.02]))
    2.0
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(sample.count(pair.difference).astype(np.float64))

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
from research.metrics import forms
from research.metrics._sample import Array, Returns, check_pair, check_years
from research.metrics.docstrings import documented
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, PERIODS, measured

__all__ = [
    "observations",
    "tracking_difference",
    "tracking_difference_arithmetic",
    "tracking_difference_log",
    "tracking_difference_ratio",
]

Kind = Literal["log", "ratio", "arithmetic"]


def _growth(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.expm1(n * m[..., 0] / o["years"]) - np.expm1(n * m[..., 1] / o["years"]))


@overload
def tracking_difference(
    fund_returns: pd.Series, benchmark_returns: pd.Series, *, years: float, kind: Kind = ...
) -> float: ...
@overload
def tracking_difference(
    fund_returns: pd.DataFrame, benchmark_returns: Returns, *, years: float | pd.Series, kind: Kind = ...
) -> pd.Series: ...
@documented
def tracking_difference(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series, kind: Kind = "log"
) -> float | pd.Series:
    """Return the tracking difference per year by the definition that `kind` names.

    Parameters
    ----------
    kind : {"log", "ratio", "arithmetic"}
        Definition: `tracking_difference_log`, `tracking_difference_ratio` or `tracking_difference_arithmetic`.

    Returns
    -------
    float or pandas.Series
        Fraction a year, one number for each fund. NaN where a fund has no complete observation.

    Raises
    ------
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
@measured(
    "tracking difference, log",
    also=(
        "tracking_difference",
        "TD",
        "tracking difference",
        "log tracking difference",
        "continuously compounded excess return",
    ),
    unit=A_YEAR,
    formula="(g_T − g_0) / years",
    form=Form(forms.divergence, lambda m, n, o: n * m[..., 0] / o["years"]),
)
def tracking_difference_log(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the change of the divergence level per year: the default definition.

    Returns
    -------
    float or pandas.Series
        Log fraction a year. NaN where a fund has no complete observation.

    Notes
    -----
    The default: it adds over consecutive samples and over drivers.

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
@measured(
    "tracking difference, ratio",
    also=(
        "geometric tracking difference",
        "geometric excess return",
        "relative return",
        "annualised relative wealth",
    ),
    unit=A_YEAR,
    formula="(Π(1 + R)/Π(1 + B))^(1/years) − 1 in simple returns R and B, which is exp(log tracking difference) − 1",
    source="Bacon 2008, geometric excess return",
    form=Form(forms.divergence, lambda m, n, o: np.expm1(n * m[..., 0] / o["years"])),
)
def tracking_difference_ratio(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the annualised ratio of fund wealth to benchmark wealth, less one (geometric).

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no complete observation.

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
@measured(
    "tracking difference, arithmetic",
    also=(
        "arithmetic tracking difference",
        "excess return",
        "active return",
        "annual tracking difference",
        "annualised tracking difference",
        "ESMA tracking difference",
        "Morningstar tracking difference",
        "return difference",
    ),
    unit=A_YEAR,
    formula="CAGR of the fund − CAGR of the benchmark, over elapsed years",
    source="ESMA/2012/832, annual tracking difference; Morningstar 2013, tracking difference",
    form=Form(lambda r, b, _: forms.columns(r, b), _growth),
)
def tracking_difference_arithmetic(
    fund_returns: Returns, benchmark_returns: Returns, *, years: float | pd.Series
) -> float | pd.Series:
    """Return the fund's compound annual growth less the benchmark's, as regulators and issuers quote it.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no complete observation.

    Notes
    -----
    It moves with the benchmark's own return: a fund whose only friction is a 1.50 % fee reads −0.79 % when the
    benchmark loses 47 % a year and −3.55 % when it gains 138 %. Never lead with it.

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
@measured(
    "complete periods",
    also=("number of observations", "sample size"),
    unit=PERIODS,
    formula="number of periods with r and b",
)
def observations(fund_returns: Returns, benchmark_returns: Returns) -> float | pd.Series:
    """Return how many periods have both a fund return and a benchmark return: the n of every metric here.

    Returns
    -------
    float or pandas.Series
        Number of periods without a NaN on either side, one for each fund; 0 where there is none.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> observations(pd.Series([0.01, np.nan, 0.02]), pd.Series([0.01, 0.02, 0.02]))
    2.0
    """
    pair = check_pair(fund_returns, benchmark_returns)
    return pair.result(sample.count(pair.difference).astype(np.float64))

"""Staking, and the tax on it: gross reward, what providers and sponsor keep, and withholding on what is left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.inputs import accrue, check_fraction, check_number, input_series

__all__ = [
    "FEE_ADVICE",
    "HOLDERS_ADVICE",
    "SHARE_ADVICE",
    "TAX_ADVICE",
    "YIELD_ADVICE",
    "staking_fee",
    "staking_levels",
    "staking_reward",
    "staking_tax",
]

YIELD_ADVICE = "write a fraction a year between -1 and 1, as in 0.028 for 2.8 %"
SHARE_ADVICE = "write the fraction that is staked, between 0 and 1, as in 0.81 for 81 %"
FEE_ADVICE = "write the fraction of the reward that is kept, between 0 and 1, as in 0.06 for 6 %"
TAX_ADVICE = "write a fraction between 0 and 1, as in 0.30 for 30 %"
HOLDERS_ADVICE = "write the fraction of holders who bear the tax, between 0 and 1"


def staking_levels(
    sessions: pd.DatetimeIndex,
    *,
    staking_yield: pd.Series | float,
    staked_share: pd.Series | float,
    fee_share: pd.Series | float = 0.0,
    tax_rate: pd.Series | float = 0.0,
    holders: float = 1.0,
    benchmark_yield: pd.Series | float = 0.0,
) -> pd.DataFrame:
    """Return what staking adds and what is taken from it, as cumulated log returns.

    Parameters
    ----------
    sessions : pandas.DatetimeIndex, shape (T + 1,)
        Sessions kept.
    staking_yield : pandas.Series or float
        Gross reward on staked coins, fraction a year; the value of a session holds since the session before.
    staked_share : pandas.Series or float
        Fraction of the coins that is staked.
    fee_share : pandas.Series or float
        Fraction of the reward that providers and sponsor keep.
    tax_rate : pandas.Series or float
        Withholding on what is left, fraction.
    holders : float
        Fraction of holders who bear the tax.
    benchmark_yield : pandas.Series or float
        Gross reward of a benchmark that itself earns staking, fraction a year; 0 for a price index.

    Returns
    -------
    pandas.DataFrame, shape (T + 1, 3)
        ``staking_reward`` (less the benchmark's), ``staking_fee`` and ``staking_tax`` (both negative), 0 at the first
        session. Their sum is the net reward.

    Raises
    ------
    DataError
        If a series of yields, shares or rates is NaN or out of range on a session; row and value are named.
    AlignmentError
        If a series has other labels than the sessions.
    ParameterError
        If a constant is out of range, as a tax rate of 30 in place of 0.30.

    Notes
    -----
    ``reward = Σ y·s·days/365 − Σ y_b·days/365``, ``fee = −f·Σ y·s·days/365`` and
    ``tax = −τ·w·(1 − f)·Σ y·s·days/365``, rates inside the sums. The fund's fee on assets is a
    driver of its own. NaN is never filled.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2026-01-01", "2027-01-01"])
    >>> staking_levels(
    ...     days, staking_yield=0.03, staked_share=0.8, fee_share=0.1, tax_rate=0.3, holders=0.5
    ... ).iloc[-1].round(6).to_dict()
    {'staking_reward': 0.024, 'staking_fee': -0.0024, 'staking_tax': -0.00324}
    """
    gross = check_fraction(staking_yield, sessions, "staking yield", -1.0, 1.0, YIELD_ADVICE)
    staked = check_fraction(staked_share, sessions, "staked share", 0.0, 1.0, SHARE_ADVICE)
    kept = check_fraction(fee_share, sessions, "staking fee share", 0.0, 1.0, FEE_ADVICE)
    taxed = check_fraction(tax_rate, sessions, "tax rate", 0.0, 1.0, TAX_ADVICE)
    share = check_number(holders, "holders", 0.0, 1.0, HOLDERS_ADVICE)
    other = check_fraction(benchmark_yield, sessions, "benchmark staking yield", -1.0, 1.0, YIELD_ADVICE)
    reward = gross * staked
    return pd.DataFrame(
        {
            "staking_reward": accrue(reward - other, "staking_reward"),
            "staking_fee": accrue(-kept * reward, "staking_fee"),
            "staking_tax": accrue(-share * taxed * (1.0 - kept) * reward, "staking_tax"),
        }
    )


def staking_reward(history: History) -> Driver | None:
    """Return the gross staking reward of the fund, less that of a benchmark that earns staking too.

    Parameters
    ----------
    history : History
        Its inputs ``staking_yield`` and ``staked_share``, where given, come before the constants that the fund states
        (``facts.staking_gross_yield``, ``staking.staked_share`` from ``staking.since``). Input
        ``benchmark_staking_yield`` says that the benchmark is a total-return index.

    Returns
    -------
    Driver or None
        ``staking_reward``; None where neither fund nor benchmark is known to earn staking. A fund that does not stake
        against a benchmark that does has a negative reward: what it leaves on the table.

    Raises
    ------
    DataError
        As in `staking_levels`.

    Notes
    -----
    ``Σ y_t·s_t·days_t/365 − Σ y_b,t·days_t/365``.
    """
    terms = _terms(history)
    benchmark = input_series(history, "benchmark_staking_yield")
    if terms is None and benchmark is None:
        return None
    gross, staked, where = terms if terms is not None else (0.0, 0.0, "the fund is not known to stake")
    levels = staking_levels(
        _sessions(history),
        staking_yield=gross,
        staked_share=staked,
        benchmark_yield=0.0 if benchmark is None else benchmark,
    )
    against = "" if benchmark is None else ", less the benchmark's own reward"
    return _driver(history, levels, "staking_reward", "Staking reward", f"yield times staked share{against}", where)


def staking_fee(history: History) -> Driver | None:
    """Return what staking providers and sponsor keep of the reward, or None where no such share is stated.

    Parameters
    ----------
    history : History
        As in `staking_reward`; the share is the fund's ``staking.fee_share``.

    Returns
    -------
    Driver or None
        ``staking_fee``, falling.

    Notes
    -----
    ``−f·Σ y_t·s_t·days_t/365``.
    """
    terms, share = _terms(history), _fee_share(history)
    if terms is None or share is None:
        return None
    gross, staked, where = terms
    levels = staking_levels(_sessions(history), staking_yield=gross, staked_share=staked, fee_share=share)
    return _driver(history, levels, "staking_fee", "Staking fee", f"{share:.1%} of the gross reward", where)


def staking_tax(history: History, *, tax_rate: float | None = None, holders: float = 1.0) -> Driver | None:
    """Return the drag of a tax withheld from staking rewards, for one scenario of rate and holders.

    Parameters
    ----------
    history : History
        As in `staking_reward`.
    tax_rate : float, optional
        Withholding τ, fraction. A scenario, not a fact. By default the history's input ``staking_tax_rate``.
    holders : float
        Fraction w of holders who bear it.

    Returns
    -------
    Driver or None
        ``staking_tax``, falling; None where nothing is staked or no tax is supposed (τ·w = 0).

    Raises
    ------
    ParameterError
        If `tax_rate` or `holders` is not between 0 and 1, as 30 in place of 0.30.
    DataError
        If a series holds a value out of range.

    Notes
    -----
    ``−τ·w·(1 − f)·Σ y_t·s_t·days_t/365``: on what the staking fee leaves; where no fee share is stated nothing is
    taken off first. A tax that falls on holders is not in the fund's own NAV: such a scenario belongs in
    `staking_scenarios`, and in a decomposition only where the fund itself withholds.
    """
    terms = _terms(history)
    rate = input_series(history, "staking_tax_rate") if tax_rate is None else tax_rate
    if terms is None or rate is None:
        return None
    gross, staked, where = terms
    share = _fee_share(history) or 0.0
    levels = staking_levels(
        _sessions(history),
        staking_yield=gross,
        staked_share=staked,
        fee_share=share,
        tax_rate=rate,
        holders=holders,
    )
    if not levels["staking_tax"].any():
        return None
    shown = "rate given by session" if tax_rate is None else f"{tax_rate:.0%} on {holders:.0%} of holders"
    return _driver(
        history, levels, "staking_tax", "Staking tax", f"withheld from the reward after staking fee: {shown}", where
    )


def _terms(history: History) -> tuple[pd.Series | float, pd.Series | float, str] | None:
    """Return yield, staked share and where they come from, or None where either is unknown."""
    terms = history.fund.staking
    gross: pd.Series | float | None = input_series(history, "staking_yield")
    staked: pd.Series | float | None = input_series(history, "staked_share")
    sources = ["series of yield" if gross is not None else "", "series of staked share" if staked is not None else ""]
    fact = history.fund.facts.get("staking_gross_yield")
    if gross is None and fact is not None and isinstance(fact.value, float):
        gross, sources[0] = fact.value, f"yield held at {fact.value:.2%} ({fact.source})"
    if staked is None and terms is not None and terms.staked_share is not None:
        share, since = terms.staked_share.value, terms.since.value
        # A constant says nothing of when staking began: without a day there is no level to compute.
        if isinstance(share, (int, float)) and isinstance(since, dt.date):
            begun = np.asarray(_sessions(history) >= pd.Timestamp(since), dtype=float)
            staked = pd.Series(begun * float(share), history.frame.index)
            sources[1] = f"staked share held at {share:.1%} since {since} ({terms.staked_share.source})"
    if gross is None or staked is None:
        return None
    return gross, staked, "; ".join(sources)


def _fee_share(history: History) -> float | None:
    terms = history.fund.staking
    if terms is None or terms.fee_share is None or not isinstance(terms.fee_share.value, (int, float)):
        return None
    return float(terms.fee_share.value)


def _sessions(history: History) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(history.frame.index)


def _driver(history: History, levels: pd.DataFrame, name: str, title: str, description: str, source: str) -> Driver:
    # One group: what is taken off a reward is proportional to it, so only their sum has a coefficient of its own.
    return Driver(
        name=name,
        level=levels[name],
        title=title,
        description=description,
        source=source,
        truth=1.0 if history.fund.simulated else None,
        group="staking",
    )

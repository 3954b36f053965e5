"""Staking pass-through in numbers: what a published yield implies, and what is left under several taxes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.drivers.expense import expense_ratio
from research.drivers.inputs import check_number
from research.drivers.staking import (
    FEE_ADVICE,
    HOLDERS_ADVICE,
    SHARE_ADVICE,
    TAX_ADVICE,
    YIELD_ADVICE,
    staking_fee,
    staking_reward,
    staking_tax,
)
from research.errors import ParameterError
from research.tables import Table

__all__ = ["TAX_SCENARIOS", "implied_fee_share", "net_staking_yield", "realised_scenarios", "staking_scenarios"]

TAX_SCENARIOS: tuple[float, ...] = (0.0, 0.15, 0.30)
"""Withholding rates to put side by side: none, a treaty rate, and the statutory 30 % on payments to non-US holders.

The source of staking income is unsettled, so none of them is *the* tax."""


def implied_fee_share(gross_yield: float, net_yield: float) -> float:
    """Return the share of the reward that is kept, from a published gross and net yield on staked coins.

    Raises
    ------
    ParameterError
        If a yield is out of range or the gross is not positive.

    Examples
    --------
    >>> round(implied_fee_share(0.0275, 0.0211), 3)
    0.233
    """
    check_number(gross_yield, "gross yield", -1.0, 1.0, YIELD_ADVICE)
    check_number(net_yield, "net yield", -1.0, 1.0, YIELD_ADVICE)
    if gross_yield <= 0.0:
        raise ParameterError(f"gross yield is {gross_yield:g}: no share can be kept of no reward; give a positive one")
    return 1.0 - net_yield / gross_yield


def net_staking_yield(
    *,
    staking_yield: float,
    staked_share: float,
    fee_share: float = 0.0,
    tax_rate: float = 0.0,
    holders: float = 1.0,
    expense_ratio: float = 0.0,
) -> float:
    """Return the yield on net asset value that is left to a holder, a fraction a year.

    Parameters
    ----------
    staking_yield, staked_share, fee_share, tax_rate, holders
        As in `staking_levels`, constants.
    expense_ratio : float
        The fund's fee on assets, fraction a year.

    Raises
    ------
    ParameterError
        If a number is out of range; the message says how to write it.

    Notes
    -----
    ``s·y·(1 − f)·(1 − w·τ) − fee`` (``studies`` 4.4).

    Examples
    --------
    >>> round(net_staking_yield(staking_yield=0.0277, staked_share=0.869, fee_share=0.18, expense_ratio=0.0012), 4)
    0.0185
    """
    check_number(staking_yield, "staking yield", -1.0, 1.0, YIELD_ADVICE)
    check_number(staked_share, "staked share", 0.0, 1.0, SHARE_ADVICE)
    check_number(fee_share, "staking fee share", 0.0, 1.0, FEE_ADVICE)
    check_number(tax_rate, "tax rate", 0.0, 1.0, TAX_ADVICE)
    check_number(holders, "holders", 0.0, 1.0, HOLDERS_ADVICE)
    check_number(expense_ratio, "expense ratio", 0.0, 0.2, "write a fraction a year, as in 0.0025 for 0.25 %")
    return staked_share * staking_yield * (1.0 - fee_share) * (1.0 - holders * tax_rate) - expense_ratio


def staking_scenarios(
    *,
    staking_yield: float,
    staked_share: float,
    fee_share: float = 0.0,
    expense_ratio: float = 0.0,
    tax_rates: Sequence[float] = TAX_SCENARIOS,
    holders: float = 1.0,
    benchmark_yield: float = 0.0,
) -> Table:
    """Return the pass-through of staking under several tax scenarios, side by side, in basis points a year.

    Parameters
    ----------
    staking_yield, staked_share, fee_share, holders, expense_ratio
        As in `net_staking_yield`.
    tax_rates : sequence of float
        Withholding rates, fractions; one column each.
    benchmark_yield : float
        Gross reward of the benchmark, fraction a year; 0 for a price index.

    Returns
    -------
    Table
        Rows gross reward, staking fee, staking tax, expense ratio, net yield, benchmark's reward, against the
        benchmark; one column for each scenario.

    Raises
    ------
    ParameterError
        If a number is out of range, or no scenario is given.

    Examples
    --------
    >>> table = staking_scenarios(staking_yield=0.0275, staked_share=0.8066, fee_share=0.233, expense_ratio=0.025)
    >>> table.to_frame().loc["net yield"].round(1).tolist()
    [-79.9, -105.4, -130.9]
    """
    if not len(tax_rates):
        raise ParameterError("no tax rate is given: name at least one scenario, such as 0.0")
    check_number(benchmark_yield, "benchmark staking yield", -1.0, 1.0, YIELD_ADVICE)
    columns: dict[str, list[float]] = {}
    for rate in tax_rates:
        net = net_staking_yield(
            staking_yield=staking_yield,
            staked_share=staked_share,
            fee_share=fee_share,
            tax_rate=rate,
            holders=holders,
            expense_ratio=expense_ratio,
        )
        gross = staked_share * staking_yield
        kept = fee_share * gross
        tax = holders * rate * (gross - kept)
        parts = [gross, -kept, -tax, -expense_ratio, net, -benchmark_yield, net - benchmark_yield]
        columns[_label(rate)] = [part / BASIS_POINT for part in parts]
    index = [
        "gross reward",
        "staking fee",
        "staking tax",
        "expense ratio",
        "net yield",
        "benchmark's reward",
        "against the benchmark",
    ]
    notes = (
        f"Withholding borne by {holders:.0%} of holders; its rate is a scenario, since the source of staking income is "
        "unsettled.",
    )
    return Table(
        pd.DataFrame(columns, index=index),
        "Staking pass-through, bp a year of net asset value",
        dict.fromkeys(columns, "+.1f"),
        notes,
    )


def realised_scenarios(history: History, *, tax_rates: Sequence[float] = TAX_SCENARIOS, holders: float = 1.0) -> Table:
    """Return what staking added over a history under several tax scenarios, side by side, in basis points a year.

    Parameters
    ----------
    history : History
        As in `staking_reward`: its series of yield and staked share, or the constants that the fund states.
    tax_rates : sequence of float
        Withholding rates, fractions; one column each.
    holders : float
        Fraction of holders who bear the tax.

    Returns
    -------
    Table
        Rows staking reward (less the benchmark's, where it earns one), staking fee, staking tax, expense ratio where
        the fee is known, and their sum; one column for each scenario.

    Raises
    ------
    ParameterError
        If no scenario is given, or the fund is not known to stake.
    DataError
        As in `staking_levels`.
    """
    if not len(tax_rates):
        raise ParameterError("no tax rate is given: name at least one scenario, such as 0.0")
    reward = staking_reward(history)
    if reward is None:
        raise ParameterError(
            f"{history.fund.ticker} is not known to stake: give inputs staking_yield and staked_share, or state "
            "staking terms in the fund's entry"
        )
    expense = expense_ratio(history) if history.fund.fee is not None else None
    columns: dict[str, dict[str, float]] = {}
    for rate in tax_rates:
        check_number(rate, "tax rate", 0.0, 1.0, TAX_ADVICE)
        drivers = (reward, staking_fee(history), staking_tax(history, tax_rate=rate, holders=holders), expense)
        parts = {
            driver.title: float(driver.level.iloc[-1]) / history.years / BASIS_POINT
            for driver in drivers
            if driver is not None
        }
        # A tax of nothing is no driver, but beside other scenarios it is a number.
        columns[_label(rate)] = {"Staking tax": 0.0, **parts, "Together": sum(parts.values())}
    order = ["Staking reward", "Staking fee", "Staking tax", "Expense ratio", "Together"]
    frame = pd.DataFrame(columns)
    frame = frame.loc[[title for title in order if title in frame.index]]
    return Table(
        frame,
        f"Staking of {history.fund.ticker} over the sample, bp a year",
        dict.fromkeys(columns, "+.1f"),
        (f"{reward.source}.",),
    )


def _label(rate: float) -> str:
    return f"tax {rate:.1%}".replace(".0%", "%")

"""On what terms a fund stakes: averages of its series, the tax that its NAV shows, and what other funds publish."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.phrases import percent
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, averaged_level
from research.drivers import net_staking_yield, staking_fee, staking_reward
from research.drivers.inputs import input_series
from research.errors import ParameterError
from research.funds import Fact, Fund, funds
from research.tables import Table

__all__ = ["ImpliedTax", "StakingAverages", "averages", "implied_tax", "published_terms"]

_STAKING = frozenset({"staking_reward", "staking_fee", "staking_tax"})


@dataclass(frozen=True)
class StakingAverages:
    """Terms of a staking fund, averaged over calendar days since it stakes.

    Parameters
    ----------
    staking_yield : float
        Gross reward on staked coins, a fraction a year, weighted by what was staked.
    staked_share : float
        Fraction of the coins that is staked.
    fee_share : float
        Fraction of the reward that providers and sponsor keep; 0 where none is stated.
    expense_ratio : float
        Fee on assets on the last day, a fraction a year; 0 where it is not known.
    since : pandas.Timestamp
        First session with coins staked.
    yields, shares : pandas.Series
        By session.
    """

    staking_yield: float
    staked_share: float
    fee_share: float
    expense_ratio: float
    since: pd.Timestamp
    yields: pd.Series = field(repr=False)
    shares: pd.Series = field(repr=False)


@dataclass(frozen=True)
class ImpliedTax:
    """What share of the reward after staking fee a fund's NAV lacks.

    Parameters
    ----------
    rate, std_error : float
        One minus the coefficient of the reward after fee.
    interval : tuple of float
        Of the rate.
    truth : float, optional
        What a simulated fund was made with.
    """

    rate: float
    std_error: float
    interval: tuple[float, float]
    truth: float | None = None


def averages(history: History) -> StakingAverages:
    """Return yield, share and fees of a fund since it stakes.

    Parameters
    ----------
    history : History
        As `research.drivers.staking_reward` needs it.

    Raises
    ------
    ParameterError
        If the fund is not known to stake, or its reward is nothing throughout.
    """
    fund, sessions = history.fund, pd.DatetimeIndex(history.frame.index)
    yields, shares = input_series(history, "staking_yield"), input_series(history, "staked_share")
    gross = fund.facts.get("staking_gross_yield")
    if yields is None and gross is not None and isinstance(gross.value, float):
        yields = pd.Series(gross.value, sessions)
    stated = None if fund.staking is None else fund.staking.staked_share
    if shares is None and stated is not None and isinstance(stated.value, float) and fund.staking is not None:
        shares = pd.Series(stated.value * np.asarray(sessions >= pd.Timestamp(fund.staking.since.text)), sessions)
    if yields is None or shares is None or not (shares.iloc[1:] > 0).any():
        raise ParameterError(
            f"{fund.ticker} is not known to stake here: give inputs staking_yield and staked_share, or state staking "
            "terms in the fund's entry"
        )
    days = pd.Series(np.diff(history.days, prepend=0), sessions).where(shares > 0, 0.0)
    earned = float((yields * shares * days).sum())
    fact = None if fund.staking is None else fund.staking.fee_share
    last = sessions[-1:]
    return StakingAverages(
        staking_yield=earned / float((shares * days).sum()),
        staked_share=float((shares * days).sum() / days.sum()),
        fee_share=float(fact.value) if fact is not None and isinstance(fact.value, (int, float)) else 0.0,
        expense_ratio=0.0 if fund.fee is None else float(fund.fee_rates(last, _assets(history)).iloc[0]),
        since=sessions[int(np.argmax(shares.to_numpy() > 0))],
        yields=yields,
        shares=shares,
    )


def _assets(history: History) -> pd.Series | None:
    assets = history.frame.get("assets")
    return assets if isinstance(assets, pd.Series) else None


def implied_tax(history: History, result: Decomposition, confidence: float) -> ImpliedTax:
    """Return the share of the reward after staking fee that never reached net asset value.

    Parameters
    ----------
    history : History
        Against a benchmark of prices.
    result : Decomposition
        Of it, on NAV basis; what it imposes is imposed here, what it leaves free is estimated beside the reward.
    confidence : float
        Nominal coverage of the interval.

    Notes
    -----
    ``g = a + (1 − τw)·Σ y·s·(1 − f)·days/365 + Σ β·(other free drivers) + error`` by averaged local-level regression: a
    fund that passes everything on has a coefficient of 1, and its error is joint with that of the expense ratio.
    """
    reward, fee = staking_reward(history), staking_fee(history)
    assert reward is not None
    net = reward.level if fee is None else reward.level + fee.level
    free = result.fit.drivers.drop(columns=reward.exposure, errors="ignore")
    imposed = [one.name for one in result.drivers if one.name not in _STAKING and one.identified != "estimated"]
    wanted = result.total - result.components[imposed].sum(axis=1)
    fit = averaged_level(wanted, free.assign(net=net.loc[free.index]), positions=history.positions)
    bounds = fit.conf_int(confidence)
    low, high = float(bounds["lower"]["net"]), float(bounds["upper"]["net"])
    rate, error = 1.0 - float(fit.params["net"]), float(fit.std_errors["net"])
    truth = getattr(getattr(getattr(history, "truth", None), "world", None), "staking", None)
    return ImpliedTax(rate, error, (1.0 - high, 1.0 - low), None if truth is None else float(truth.tax_rate))


def published_terms(tax_rates: tuple[float, ...], holders: float) -> Table:
    """Return what registered funds that stake publish, with the net yield that follows from it.

    Parameters
    ----------
    tax_rates : tuple of float
        Scenarios, one column each.
    holders : float
        Fraction of holders who bear the tax.
    """
    rows: dict[str, dict[str, object]] = {}
    for fund in funds():
        if fund.staking is None or fund.simulated:
            continue
        gross, share, kept = _terms(fund)
        row: dict[str, object] = {
            "gross": _shown(gross),
            "staked": _shown(share),
            "staking fee": _shown(kept),
            "fee, bp": None if fund.fee is None else fund.fee.headline / BASIS_POINT,
        }
        known = [fact.value for fact in (gross, share, kept) if fact is not None and isinstance(fact.value, float)]
        for rate in tax_rates:
            row[f"net, tax {percent(rate)}"] = (
                net_staking_yield(
                    staking_yield=known[0],
                    staked_share=known[1],
                    fee_share=known[2],
                    tax_rate=rate,
                    holders=holders,
                    expense_ratio=0.0 if fund.fee is None else fund.fee.headline,
                )
                / BASIS_POINT
                if len(known) == 3
                else None
            )
        rows[fund.ticker] = row
    frame = pd.DataFrame.from_dict(rows, orient="index")
    notes = (
        "Real funds; fee and net yields in basis points a year, each fact with the registry's status (READ, CHECKED, "
        "2ND, MEM, inferred). A net yield is computed only where gross reward, staked share and staking fee are all "
        "known; it is after the fee on assets.",
    )
    formats = {
        str(column): "+.0f" if "net" in str(column) else ".0f"
        for column in frame.columns
        if "bp" in str(column) or "net" in str(column)
    }
    return Table(frame, "What funds that stake publish, and the net yield on net asset value", formats, notes)


def _terms(fund: Fund) -> tuple[Fact | None, Fact | None, Fact | None]:
    assert fund.staking is not None
    return fund.facts.get("staking_gross_yield"), fund.staking.staked_share, fund.staking.fee_share


def _shown(fact: Fact | None) -> str:
    if fact is None or not isinstance(fact.value, (int, float)):
        return "–"
    return f"{100 * fact.value:.4g} % {fact.status}"

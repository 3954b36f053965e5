"""Random futures markets for property tests: a calendar, monthly contracts, positive prices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from research.drivers.futures import FuturesCurve, Schedule, constant_maturity, roll_last_days, roll_on_expiry, sp_vix


@dataclass(frozen=True)
class World:
    curve: FuturesCurve
    spot: pd.Series
    business_days: pd.DatetimeIndex
    rng: np.random.Generator


def market(seed: int, sessions: int, *, frozen: bool = False) -> World:
    """A market whose sessions skip some weekdays and whose expiries are sometimes holidays' eves."""
    rng = np.random.default_rng(seed)
    weekdays = pd.bdate_range("2022-03-07", periods=2 * sessions + 200)
    closed = rng.random(len(weekdays)) < 0.03
    business_days = weekdays[~closed]
    monthly = pd.date_range("2022-02-16", periods=14, freq="28D") + pd.to_timedelta(rng.integers(0, 5, 14), "D")
    # An exchange moves an expiry that falls on a holiday to the day before.
    expiries = pd.DatetimeIndex(
        [business_days[max(business_days.searchsorted(e, side="right") - 1, 0)] for e in monthly]
    )
    expiries = pd.DatetimeIndex([pd.Timestamp("2022-03-01"), *expiries.unique()[1:]])
    days = business_days[:sessions]
    spot = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.03, sessions))), days)
    basis = rng.normal(0.05, 0.3, (sessions, len(expiries)))
    left = (expiries.to_numpy()[None, :] - days.to_numpy()[:, None]) / np.timedelta64(1, "D")
    prices = spot.to_numpy()[:, None] * np.exp(basis * left / 365)
    if frozen:
        prices = np.broadcast_to(rng.uniform(50, 150, len(expiries)), prices.shape).copy()
    prices = np.where(left >= 0, prices, np.nan)
    return World(FuturesCurve(pd.DataFrame(prices, days, expiries)), spot, business_days, rng)


def schedules(world: World, choice: int) -> Schedule:
    """One schedule of each kind."""
    curve, days = world.curve, world.business_days
    if choice == 0:
        return roll_on_expiry(curve)
    if choice == 1:
        return roll_last_days(curve, 5, days)
    if choice == 2:
        return sp_vix(curve, days)
    if choice == 3:
        return constant_maturity(curve, 45)
    if choice == 4:
        return roll_last_days(curve, 3, days, offset=2, ranks={1: 0.3, 2: 0.7}, unit="values")
    weights = world.rng.uniform(0, 1, curve.prices.shape)
    alive = curve.expiries.to_numpy()[None, :] > curve.sessions.to_numpy()[:, None]
    # A contract that expires before the next session cannot be held over it.
    following = np.append(curve.sessions.to_numpy()[1:], curve.sessions.to_numpy()[-1:])
    alive &= curve.expiries.to_numpy()[None, :] >= following[:, None]
    return Schedule(
        pd.DataFrame(weights * alive, curve.sessions, curve.expiries), "values" if choice == 5 else "counts"
    )


worlds = st.builds(market, st.integers(0, 10**6), st.integers(3, 40))
frozen_worlds = st.builds(lambda seed, n: market(seed, n, frozen=True), st.integers(0, 10**6), st.integers(3, 40))
choices = st.integers(0, 6)
few = settings(max_examples=25)

"""A small simulated futures fund: its net asset value is spot, roll, bills and fee, and nothing else."""

import numpy as np
import pandas as pd

from research.alignment import History, LossReport, sessions
from research.drivers.futures import FuturesCurve, HeldFutures, bill_returns, hold, roll_last_days
from research.funds import Fund

FEE = 0.0095


def fund(**facts) -> Fund:
    source = {"source": "made for a test", "status": "READ"}
    return Fund(
        ticker="MADE",
        name="Made futures fund",
        issuer="nobody",
        kind="futures",
        asset="bitcoin",
        listed={"value": pd.Timestamp("2022-03-01").date(), **source},
        benchmark={"value": "made", **source},
        fee={"periods": [{"start": "2022-01-01", "tiers": [{"rate": FEE}]}], **source},
        facts={name: {"value": value, **source} for name, value in facts.items()},
        simulated=True,
    )


def position(seed: int = 0, count: int = 250, cost: float = 0.0) -> tuple[HeldFutures, pd.Series]:
    """Contracts rolled over five days, and spot."""
    rng = np.random.default_rng(seed)
    days = sessions("XNYS", "2022-03-01", "2023-12-29")
    held_days = days[:count]
    expiries = days[days.searchsorted(pd.date_range("2022-03-25", periods=20, freq="28D"))]
    spot = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.03, count))), held_days)
    left = (expiries.to_numpy()[None, :] - held_days.to_numpy()[:, None]) / np.timedelta64(1, "D")
    basis = 0.06 + np.cumsum(rng.normal(0, 0.01, count))[:, None]
    prices = np.where(left >= 0, spot.to_numpy()[:, None] * np.exp(basis * left / 365), np.nan)
    curve = FuturesCurve(pd.DataFrame(prices, held_days, expiries))
    return hold(curve, roll_last_days(curve, 5, days), spot, cost=cost), spot


def history(held: HeldFutures, spot: pd.Series, *, rate: float = 0.03, inputs: dict | None = None, **facts) -> History:
    days = pd.DatetimeIndex(spot.index)
    bills = pd.Series(rate, days)
    elapsed = np.diff(days).astype("timedelta64[D]").astype(int)
    returns = held.log_returns.to_numpy() + np.log1p(bill_returns(bills, days)) - FEE * elapsed / 365
    nav = pd.Series(40 * np.exp(np.concatenate([[0.0], returns.cumsum()])), days)
    nothing = pd.DataFrame({"date": pd.DatetimeIndex([]), "rule": [], "detail": []})
    return History(
        fund=fund(**facts),
        frame=pd.DataFrame({"nav": nav, "benchmark": spot}),
        sessions=days,
        clocks={"nav": "16:00 America/New_York", "benchmark": "16:00 America/New_York"},
        losses=LossReport(len(days), len(days), nothing, sessions=len(days)),
        inputs={"held_futures": held.intervals, "bill_rate": bills} if inputs is None else inputs,
    )

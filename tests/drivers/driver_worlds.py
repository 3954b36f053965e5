"""Small made-up funds for tests of drivers: everything about them is chosen here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from research.alignment import History, LossReport
from research.funds import Fund

SESSIONS = pd.bdate_range("2025-01-02", periods=253)


def make_fund(**terms: Any) -> Fund:
    """Return a simulated fund without a fee, plus whatever terms are given."""
    base: dict[str, Any] = {
        "ticker": "MADE",
        "name": "Made-up fund",
        "issuer": "nobody",
        "kind": "spot",
        "asset": "ether",
        "listed": {"value": dt.date(2025, 1, 2), "source": "made up", "status": "READ"},
        "benchmark": {"value": "made-up index", "source": "made up", "status": "READ"},
        "fee": None,
        "simulated": True,
    }
    return Fund.model_validate(base | terms)


def make_history(
    nav: pd.Series, benchmark: pd.Series, fund: Fund | None = None, inputs: Mapping[str, pd.Series] | None = None
) -> History:
    """Return a history of these levels, on their own labels, with further inputs."""
    frame = pd.DataFrame({"nav": nav, "benchmark": benchmark}, dtype=float)
    dropped = pd.DataFrame(
        {"date": pd.DatetimeIndex([], dtype="datetime64[ns]"), "rule": pd.Series(dtype=str), "detail": []}
    )
    return History(
        fund=fund or make_fund(),
        frame=frame,
        sessions=pd.DatetimeIndex(frame.index),
        clocks={"nav": "16:00 America/New_York", "benchmark": "16:00 America/New_York"},
        losses=LossReport(len(frame), len(frame), dropped, len(frame)),
        inputs=dict(inputs or {}),
    )


def walk(seed: int, sessions: pd.DatetimeIndex = SESSIONS, sd: float = 0.03, start: float = 3000.0) -> pd.Series:
    """Return a price that wanders."""
    steps = np.random.default_rng(seed).normal(0.0, sd, len(sessions))
    steps[0] = 0.0
    return pd.Series(start * np.exp(np.cumsum(steps)), sessions)


def fact(value: object) -> dict[str, object]:
    """Return a fact of made-up origin."""
    return {"value": value, "source": "made up", "status": "READ"}


def staking_terms(fee_share: float | None = 0.1, staked_share: float | None = None) -> dict[str, Any]:
    """Return staking terms that begin before the sample."""
    terms: dict[str, Any] = {"since": fact(dt.date(2024, 12, 1))}
    if fee_share is not None:
        terms["fee_share"] = fact(fee_share)
    if staked_share is not None:
        terms["staked_share"] = fact(staked_share)
    return terms


def leverage_terms(multiple: float, reset: str = "daily") -> dict[str, Any]:
    """Return leverage terms."""
    return {"multiple": multiple, "reset": reset, "source": "made up", "status": "READ"}

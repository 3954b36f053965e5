"""A folder with one fund of one's own: a table in memory becomes a file and the entry that reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from research.alignment import sessions

ROLES = ("nav", "close", "benchmark", "shares_outstanding", "premium_published")
CLOCK = "16:00 America/New_York"

_FEE = """[fund.OWN.fee]
source = "made"
status = "READ"
periods = [{ start = 2020-01-01, tiers = [{ rate = %r }] }]
"""


def table(
    days: pd.DatetimeIndex | None = None, *, seed: int = 0, fee: float = 0.0, noise: float = 1e-4, premium: float = 1e-3
) -> pd.DataFrame:
    """Return nav, close and benchmark of a fund that holds its benchmark less a fee, printed to the cent."""
    labels = sessions("XNYS", "2024-01-02", "2024-12-31") if days is None else days
    rng = np.random.default_rng(seed)
    index = 3000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, len(labels))))
    passed = np.asarray((labels - labels[0]).days) / 365.0
    nav = index / 100.0 * np.exp(rng.normal(0.0, noise, len(labels)) - fee * passed)
    close = nav * np.exp(rng.normal(0.0, premium, len(labels)))
    return pd.DataFrame({"nav": nav.round(4), "close": close.round(2), "benchmark": index.round(2)}, labels)


def write(
    folder: Path,
    frame: pd.DataFrame,
    *,
    roles: Sequence[str] = ("nav", "close", "benchmark"),
    inputs: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    clocks: Mapping[str, str] | None = None,
    fee: float | None = None,
    files: Mapping[str, pd.DataFrame] | None = None,
    **entry: str,
) -> Path:
    """Write a fund ``OWN`` whose series are columns of one file, or of a file of their own, and return the folder.

    `entry` are keys of the fund, in TOML; `units` of its series and inputs, else US dollars.
    """
    frame.rename_axis("date").to_csv(folder / "own.csv")
    keys = {
        "name": '"A fund that does not exist"',
        "issuer": '"nobody"',
        "kind": '"spot"',
        "asset": '"ether"',
        "simulated": "true",
        "listed": '{ value = 2024-01-02, source = "made", status = "READ" }',
        "benchmark": '{ value = "an index", source = "made", status = "READ" }',
    } | ({"fee": '"unknown"'} if fee is None else {})
    lines = ["[fund.OWN]", *(f"{name} = {value}" for name, value in (keys | entry).items())]
    text = "\n".join(lines) + "\n" + ("" if fee is None else _FEE % fee)
    for name in (*roles, *inputs):
        file = "own.csv"
        if name in (files or {}):
            file = f"{name}.csv"
            files[name].rename_axis("date").to_csv(folder / file)
        source = {
            "file": file,
            "column": name,
            "clock": (clocks or {}).get(name, CLOCK),
            "unit": (units or {}).get(name, "USD"),
        }
        source |= {"provider": "made", "measures": "an index"}
        text += f"[fund.OWN.{'series' if name in ROLES else 'inputs'}.{name}]\n"
        text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in source.items())
    (folder / "funds.toml").write_text(text, encoding="utf-8")
    return folder

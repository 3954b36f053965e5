"""What a notebook needs of a fund beyond net asset value and benchmark: one line and one function each.

A notebook that is not named here needs nothing more. Whoever adds one that does adds a line to `REQUIREMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from research.alignment.history import History
from research.errors import DataError, MissingColumnError

__all__ = ["REQUIREMENTS", "require"]

Requirement = Callable[[History, Mapping[str, object]], None]
"""Raises a `ResearchError` of one line where the history, or a value, lacks what the notebook needs."""


def require(notebook: str, history: History, values: Mapping[str, object]) -> None:
    """Raise where a fund lacks what a notebook needs.

    Parameters
    ----------
    notebook : str
        Name of the notebook.
    history : History
        What it would load.
    values : mapping of str to value
        Every parameter, given or default.

    Raises
    ------
    ResearchError
        The message names fund, notebook and what to do.

    Examples
    --------
    >>> from research.opening import load
    >>> require("futures_roll", load("ETHV"), {})
    Traceback (most recent call last):
    ...
    research.errors.DataError: futures_roll: ETHV is a spot fund and has no futures here...
    """
    needed = REQUIREMENTS.get(notebook)
    if needed is not None:
        needed(history, values)


def _fee(history: History, values: Mapping[str, object]) -> None:  # noqa: ARG001 - all have one signature
    if history.fund.fee is None:
        raise DataError(
            f"expense_ratio: the fee of {history.fund.ticker} is not known; state it in a funds.toml of your own and "
            "name its folder with --data"
        )


def _close(history: History, values: Mapping[str, object]) -> None:  # noqa: ARG001 - all have one signature
    if "close" not in history.frame:
        raise MissingColumnError(
            f"premium_discount: {history.fund.ticker} has no market close here, so it has no premium; add series.close "
            "to its entry in a funds.toml of your own, or take a fund that has one, such as ETHV"
        )


def _futures(history: History, values: Mapping[str, object]) -> None:  # noqa: ARG001 - all have one signature
    if "held_futures" not in history.inputs:
        raise DataError(
            f"futures_roll: {history.fund.ticker} is a {history.fund.kind} fund and has no futures here; take a fund "
            "with settlement prices of the contracts that it holds, such as the simulated SIM-FUTURES"
        )


def _staking(history: History, values: Mapping[str, object]) -> None:  # noqa: ARG001 - all have one signature
    from research.drivers import staking_reward  # noqa: PLC0415 - only this notebook needs it

    if staking_reward(history) is None or (history.fund.staking is None and "staking_yield" not in history.inputs):
        raise DataError(
            f"staking: {history.fund.ticker} is not known to stake; take a fund whose yield and staked share are "
            "known, such as the simulated SIM-STAKING"
        )


def _clock(history: History, values: Mapping[str, object]) -> None:
    from research.analyses.benchmark_clock.pairs import other_benchmark, with_other  # noqa: PLC0415 - only this notebook

    series, column, dates, clock = (
        str(values.get(name, "")) for name in ("series", "series_column", "series_dates", "series_clock")
    )
    if series:
        with_other(history, other_benchmark(series, column, date_column=dates, clock=clock))


def _anything(history: History, values: Mapping[str, object]) -> None:
    """Ask for nothing: whatever can be loaded can be looked at."""


def _truth(history: History, values: Mapping[str, object]) -> None:
    from research.errors import UnknownNameError  # noqa: PLC0415 - only this notebook
    from research.simulation import NOISE_KINDS  # noqa: PLC0415

    if not history.fund.simulated:
        raise DataError(
            f"coverage: the truth of {history.fund.ticker} is not known; take a simulated fund, such as SIM-SPOT"
        )
    noises = values.get("noises", [])
    for noise in noises if isinstance(noises, list) else []:
        if noise not in NOISE_KINDS:
            raise UnknownNameError("kind of noise", str(noise), NOISE_KINDS)


REQUIREMENTS: Final[Mapping[str, Requirement]] = {
    "expense_ratio": _fee,
    "premium_discount": _close,
    "futures_roll": _futures,
    "staking": _staking,
    "benchmark_clock": _clock,
    "data_quality": _anything,
    "coverage": _truth,
}
"""By notebook."""

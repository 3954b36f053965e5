"""How often each screen cries without a cause, and how often it finds a fault that was planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.alignment.screens import screen
from research.errors import ParameterError, UnknownNameError
from research.simulation.examples import SIMULATED_FUNDS
from research.simulation.noise import Shocks
from research.simulation.simulate import simulate
from research.simulation.world import World
from research.tables import Result, Table

__all__ = ["FAULTS", "ScreenRates", "screen_rates"]

Fault = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]

_KINDS: Final = ("spot", "futures", "staking", "leveraged")
_NOISES: Final[Mapping[str, Shocks]] = {
    "normal": Shocks(),
    "fat tails": Shocks(df=5.0),
    "GARCH": Shocks(arch=0.08, garch=0.88),
}


def _day(frame: pd.DataFrame, rng: np.random.Generator) -> int:
    """Return the place of a day away from the ends."""
    return int(rng.integers(60, len(frame) - 60))


def _column(frame: pd.DataFrame) -> str:
    return "close" if "close" in frame else "nav"


def _scaled(frame: pd.DataFrame, factor: float, first: int, last: int | None = None) -> pd.DataFrame:
    """Return the frame with the NAV multiplied from one place to another."""
    values = frame["nav"].to_numpy(dtype=np.float64, copy=True)
    values[first:last] *= factor
    return frame.assign(nav=values)


def _split(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return _scaled(frame, 1.0 / float(rng.choice([2, 3, 5, 10])), _day(frame, rng))


def _spin_off(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return _scaled(frame, 0.85, _day(frame, rng))


def _payments(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Take out eight payments of two per cent, as a fund that pays monthly does."""
    start = int(rng.integers(30, 60))
    for place in range(start, start + 8 * 21, 21):
        frame = _scaled(frame, 0.98, place)
    return frame


def _spike(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = _day(frame, rng)
    return _scaled(frame, 1.10, place, place + 1)


def _stale(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Leave a close as it was on a day when the market moved by more than three standard deviations."""
    moves = np.abs(np.diff(np.log(frame["benchmark"].to_numpy(dtype=np.float64))))
    places = np.flatnonzero(moves > 3.0 * np.std(moves)) + 1
    places = places[(places > 60) & (places < len(frame) - 60)]
    place = int(rng.choice(places)) if len(places) else int(np.argmax(moves[60:-60])) + 61
    values = frame[_column(frame)].to_numpy(dtype=np.float64, copy=True)
    values[place] = values[place - 1]
    return frame.assign(**{_column(frame): values})


def _shift(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001 - one form for all
    return frame.assign(nav=frame["nav"].shift(1)).iloc[1:]


def _late(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Observe the benchmark three hours after the fund, somewhere on a Brownian bridge between two days."""
    logs = np.log(frame["benchmark"].to_numpy(dtype=np.float64))
    days = np.diff(pd.DatetimeIndex(frame.index).to_numpy()) / np.timedelta64(1, "D")
    share = 3.0 / (24.0 * days)
    spread = float(np.std(np.diff(logs) / np.sqrt(days))) * np.sqrt(days * share * (1.0 - share))
    later = logs[:-1] + share * np.diff(logs) + spread * rng.standard_normal(len(days))
    return frame.iloc[:-1].assign(benchmark=np.exp(later))


def _constant(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001
    return frame.assign(nav=float(frame["nav"].iloc[0]))


def _copied(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001
    return frame.assign(close=frame["nav"])


def _negative(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = _day(frame, rng)
    return _scaled(frame, 0.0, place, place + 1)


def _premium_in_percent(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001
    """Publish a premium in percent that is stated in dollars."""
    return frame.assign(premium=100.0 * (frame["close"] / frame["nav"] - 1.0)) if "close" in frame else frame


def _calendar_rows(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Repeat the NAV on weekends and holidays while the benchmark moves on, as a file with a row for every day does."""
    every = pd.date_range(frame.index[0], frame.index[-1], name=frame.index.name)
    filled = frame.reindex(every)
    carried = filled["nav"].ffill()  # the fault itself
    gaps = np.flatnonzero(filled["benchmark"].isna().to_numpy())
    moving = filled["benchmark"].ffill().to_numpy(dtype=np.float64, copy=True)
    moving[gaps] *= np.exp(0.03 * rng.standard_normal(len(gaps)))
    return filled.assign(nav=carried, benchmark=moving)


FAULTS: Final[Mapping[str, tuple[str, Fault]]] = {
    "unadjusted_split": ("2, 3, 5 or 10 for 1", _split),
    "spin_off": ("15 % of the value", _spin_off),
    "distribution_as_loss": ("8 monthly payments of 2 %", _payments),
    "spike": ("10 % for a session", _spike),
    "stale_value": ("a move of 3 sd missed", _stale),
    "shifted_dates": ("one session", _shift),
    "clock_offset": ("3 hours", _late),
    "constant_column": ("the NAV", _constant),
    "copied_columns": ("close from NAV", _copied),
    "non_positive": ("one NAV of 0", _negative),
    "premium_unit": ("percent for dollars", _premium_in_percent),
    "carried_forward": ("a row for every day", _calendar_rows),
}
"""What is planted for each screen, in words, and how."""


@dataclass(frozen=True, eq=False)
class ScreenRates(Result):
    """Rates of every screen on simulated funds.

    Parameters
    ----------
    frame : pandas.DataFrame
        Screens x ``fault``, ``false_alarms`` (share of clean funds with a finding of warning or error), ``detected``
        (share of funds with a planted fault in which the screen named it), ``clean``, ``planted`` (funds).
    by_world : pandas.DataFrame
        The same shares by kind of fund and noise.
    draws, sessions, seed : int
        How it was made.
    """

    frame: pd.DataFrame
    by_world: pd.DataFrame
    draws: int
    sessions: int
    seed: int

    def summary(self) -> Table:
        """Return the rates as a table."""
        shown = self.frame[["fault", "false_alarms", "detected"]]
        caption = (
            f"Screens on simulated funds of {self.sessions} sessions: {int(self.frame['clean'].iloc[0])} clean, "
            f"{int(self.frame['planted'].max())} with each fault"
        )
        return Table(shown, caption, {"false_alarms": ".1%", "detected": ".1%"})

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "schema": "research.screens/1",
            "draws": self.draws,
            "sessions": self.sessions,
            "seed": self.seed,
            "screens": {str(name): {str(k): v for k, v in row.items()} for name, row in self.frame.iterrows()},
        }


def screen_rates(
    draws: int = 50,
    sessions: int = 504,
    *,
    kinds: Sequence[str] = _KINDS,
    screens: Sequence[str] | None = None,
    seed: int = 0,
) -> ScreenRates:
    """Measure false alarms on clean simulated funds, and detection of planted faults.

    Parameters
    ----------
    draws : int
        Funds of each kind and noise.
    sessions : int
        Sessions of each fund.
    kinds : sequence of str
        Kinds of funds.
    screens : sequence of str, optional
        Screens to plant faults for; by default all of `FAULTS`.
    seed : int
        Seeds everything.

    Returns
    -------
    ScreenRates

    Raises
    ------
    ParameterError
        If there are no draws, or too few sessions.
    UnknownNameError
        If there is no such kind or screen.

    Notes
    -----
    A leveraged fund is screened against its multiple of the benchmark. Its clock is not looked at, and of funds without
    a market close those faults are planted in the NAV. Noise: normal, Student t with five degrees, GARCH.

    Examples
    --------
    >>> rates = screen_rates(2, 250, kinds=["spot"], screens=["unadjusted_split"])
    >>> float(rates.frame.loc["unadjusted_split", "detected"])
    1.0
    """
    if draws < 1 or sessions < 180:
        raise ParameterError(f"draws is {draws} and sessions {sessions}: give at least 1 and 180")
    for kind in kinds:
        if kind not in _KINDS:
            raise UnknownNameError("kind of fund", kind, _KINDS)
    wanted = tuple(FAULTS) if screens is None else tuple(screens)
    for name in wanted:
        if name not in FAULTS:
            raise UnknownNameError("screen", name, FAULTS)
    rows = []
    for number, (kind, noise) in enumerate((kind, noise) for kind in kinds for noise in _NOISES):
        for draw in range(draws):
            rows += _looked_at(kind, noise, wanted, sessions, seed=[seed, number, draw])
    table = pd.DataFrame(rows, columns=["kind", "noise", "screen", "planted", "fired"])
    return ScreenRates(_rates(table, wanted), _by_world(table), draws, sessions, seed)


def _looked_at(
    kind: str, noise: str, wanted: Sequence[str], sessions: int, *, seed: list[int]
) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    history = _made(kind, noise, sessions, int(rng.integers(2**31)))
    clean = _fired(history, history.frame)
    rows: list[tuple[Any, ...]] = [(kind, noise, name, False, name in clean) for name in FAULTS]
    for name in wanted:
        if (name == "clock_offset" and history.multiple != 1.0) or (
            name == "premium_unit" and "close" not in history.frame
        ):
            continue
        _, plant = FAULTS[name]
        rows.append((kind, noise, name, True, name in _fired(history, plant(history.frame.copy(), rng))))
    return rows


def _made(kind: str, noise: str, sessions: int, seed: int) -> History:
    # The bundled funds' terms are the usual ones.
    world: World = SIMULATED_FUNDS[f"SIM-{kind.upper()}"].world
    world = replace(world, sessions=sessions, noise=replace(world.noise, shocks=_NOISES[noise]))
    return simulate(world, seed)


def _fired(history: History, frame: pd.DataFrame) -> set[str]:
    # What the driver of distributions accounts for is no finding; a planted payment is not among them.
    paid = history.inputs.get("distributions")
    columns = [name for name in ("nav", "close", "benchmark") if name in frame]
    kept = frame.loc[frame.index.isin(history.frame.index), columns]
    premium = frame["premium"] if "premium" in frame else _published(frame)
    found = screen(
        kept,
        calendar=history.fund.calendar,
        raw={name: frame[name] for name in columns} | ({} if premium is None else {"premium_published": premium}),
        units={"premium_published": "USD"},
        multiple=history.multiple,
        clock=history.clocks["nav"],
        distributions=paid if isinstance(paid, pd.Series) else None,
    )
    # Rows that are dropped anyway are a note, and the fault is that they are there.
    rules = {item.rule for item in found if item.severity != "note" or item.rule == "carried_forward"}
    # Several names for one thing: which hours, which unit.
    if "local_time_for_utc" in rules:
        rules.add("clock_offset")
    if any(rule.startswith("premium_in_") for rule in rules):
        rules.add("premium_unit")
    return rules


def _published(frame: pd.DataFrame) -> pd.Series[float] | None:
    """Return an honest premium in dollars, to the cent."""
    return (frame["close"] - frame["nav"]).round(2) if "close" in frame else None


def _rates(table: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    rows = {}
    for name in wanted:
        part = table[table["screen"] == name]
        clean, planted = part[~part["planted"]]["fired"], part[part["planted"]]["fired"]
        rows[name] = [FAULTS[name][0], float(clean.mean()), float(planted.mean()), len(clean), len(planted)]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["fault", "false_alarms", "detected", "clean", "planted"]
    ).rename_axis("screen")


def _by_world(table: pd.DataFrame) -> pd.DataFrame:
    shares = table.groupby(["screen", "kind", "noise", "planted"])["fired"].mean().unstack("planted")  # noqa: PD010
    return shares.rename(columns={False: "false_alarms", True: "detected"})

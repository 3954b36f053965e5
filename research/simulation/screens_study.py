"""How often each screen cries without a cause, and how often it finds a fault that was planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History
from research.alignment.screens import screen
from research.errors import ParameterError, UnknownNameError
from research.simulation.examples import SIMULATED_FUNDS
from research.simulation.noise import Shocks
from research.simulation.simulate import simulate
from research.simulation.world import World
from research.tables import Result, Table

__all__ = ["COUNTS", "FAULTS", "ScreenRates", "screen_rates"]

Places = npt.NDArray[np.int64]
Fault = Callable[[pd.DataFrame, np.random.Generator, Places], pd.DataFrame]

COUNTS: Final = (1, 2, 5, 20)
"""How many faults of one kind, or of several, are planted in a fund."""

_KINDS: Final = ("spot", "futures", "staking", "leveraged")
_NOISES: Final[Mapping[str, Shocks]] = {
    "normal": Shocks(),
    "fat tails": Shocks(df=5.0),
    "GARCH": Shocks(arch=0.08, garch=0.88),
}
# Faults lie in different stretches of so many sessions, and away from the ends.
_STRETCH: Final = 6
_EDGE: Final = 20
_BLOCK: Final = 30


def _column(frame: pd.DataFrame) -> str:
    return "close" if "close" in frame else "nav"


def _scaled(frame: pd.DataFrame, factors: npt.NDArray[np.float64], places: Places, *, stays: bool) -> pd.DataFrame:
    """Return the frame with the NAV multiplied by a factor at each place, from there on or on that session alone."""
    changes = np.ones(len(frame))
    changes[places] = factors
    return frame.assign(nav=frame["nav"] * (np.cumprod(changes) if stays else changes))


def _split(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:
    return _scaled(frame, 1.0 / rng.choice([2, 3, 5, 10], len(places)), places, stays=True)


def _spin_off(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001 - one form for all
    return _scaled(frame, np.full(len(places), 0.85), places, stays=True)


def _payments(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return _scaled(frame, np.full(len(places), 0.98), places, stays=True)


def _spike(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return _scaled(frame, np.full(len(places), 1.10), places, stays=False)


def _negative(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return _scaled(frame, np.zeros(len(places)), places, stays=False)


def _stale(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    values = frame[_column(frame)].to_numpy(dtype=np.float64, copy=True)
    values[places] = values[places - 1]
    return frame.assign(**{_column(frame): values})


def _shift(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return frame.assign(nav=frame["nav"].shift(1)).iloc[1:]


def _late(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    """Observe the benchmark three hours after the fund, somewhere on a Brownian bridge between two days."""
    logs = np.log(frame["benchmark"].to_numpy(dtype=np.float64))
    days = np.diff(pd.DatetimeIndex(frame.index).to_numpy()) / np.timedelta64(1, "D")
    share = 3.0 / (24.0 * days)
    spread = float(np.std(np.diff(logs) / np.sqrt(days))) * np.sqrt(days * share * (1.0 - share))
    later = logs[:-1] + share * np.diff(logs) + spread * rng.standard_normal(len(days))
    return frame.iloc[:-1].assign(benchmark=np.exp(later))


def _constant(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return frame.assign(nav=float(frame["nav"].iloc[0]))


def _copied(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    return frame.assign(close=frame["nav"])


def _premium_in_percent(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    """Publish a premium in percent that is stated in dollars."""
    return frame.assign(premium=100.0 * (frame["close"] / frame["nav"] - 1.0))


def _premium_turned(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    first = int(rng.integers(_EDGE, len(frame) - _EDGE - _BLOCK))
    sign = np.ones(len(frame))
    sign[first : first + _BLOCK] = -1.0
    return frame.assign(premium=_published(frame) * sign)


def _premium_of_the_day_before(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    """Publish on some days the close against the NAV of the day before, as where the NAV came late."""
    late = (frame["close"] - frame["nav"].shift(1)).round(2)
    return frame.assign(premium=_published(frame).mask(np.isin(np.arange(len(frame)), places), late))


def _prior_nav(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
    """Print beside the NAV that of two rows before instead of one."""
    prior = frame["nav"].shift(1).mask(np.isin(np.arange(len(frame)), places), frame["nav"].shift(2))
    return frame.assign(prior_nav=prior)


def _calendar_rows(frame: pd.DataFrame, rng: np.random.Generator, places: Places) -> pd.DataFrame:  # noqa: ARG001
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
    "distribution_as_loss": ("payments of 2 %", _payments),
    "spike": ("10 % for a session", _spike),
    "stale_value": ("the largest moves missed", _stale),
    "non_positive": ("a NAV of 0", _negative),
    "premium_differs": ("against the NAV of the day before", _premium_of_the_day_before),
    "prior_nav_differs": ("that of two rows before", _prior_nav),
    "premium_sign": (f"turned on {_BLOCK} sessions", _premium_turned),
    "shifted_dates": ("one session", _shift),
    "clock_offset": ("3 hours", _late),
    "constant_column": ("the NAV", _constant),
    "copied_columns": ("close from NAV", _copied),
    "premium_unit": ("percent for dollars", _premium_in_percent),
    "carried_forward": ("a row for every day", _calendar_rows),
}
"""What is planted for each screen, in words, and how."""

_BY_ROW: Final = tuple(FAULTS)[:8]
"""Faults of single rows, of which there may be several; the others are of a whole series."""

_MIXED: Final = tuple(FAULTS)[:5]
"""Faults that are planted together; the others are in columns of their own."""


@dataclass(frozen=True, eq=False)
class ScreenRates(Result):
    """Rates of every screen on simulated funds.

    Parameters
    ----------
    frame : pandas.DataFrame
        Screens x ``fault``, ``false_alarms`` (share of clean funds with a finding of warning or error), ``detected``
        (share of the planted rows that the screen names on their sessions, or of funds where the fault is of a whole
        series), the same for each number of `COUNTS` planted and for faults of several kinds (``mixed``), ``clean``,
        ``planted`` (funds).
    by_world : pandas.DataFrame
        False alarms and detection by kind of fund and noise.
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
        rates = ["false_alarms", "detected", *map(str, COUNTS), "mixed"]
        caption = (
            f"Screens on simulated funds of {self.sessions} sessions: {int(self.frame['clean'].iloc[0])} clean, "
            f"{int(self.frame['planted'].max())} with each fault, {', '.join(map(str, COUNTS[:-1]))} or {COUNTS[-1]} "
            "times, and as many with faults of several kinds"
        )
        return Table(self.frame[["fault", *rates]], caption, dict.fromkeys(rates, ".1%"))

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "schema": "research.screens/1",
            "draws": self.draws,
            "sessions": self.sessions,
            "seed": self.seed,
            "screens": {
                str(name): {str(k): None if v != v else v for k, v in row.items()}  # noqa: PLR0124 - NaN
                for name, row in self.frame.iterrows()
            },
        }


def screen_rates(
    draws: int = 24,
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
    a market close those faults are planted in the NAV. Noise: normal, Student t with five degrees, GARCH. Each fund is
    planted with one number of faults, in turn; no two within four sessions.

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
    table = pd.DataFrame(rows, columns=["kind", "noise", "screen", "planted", "count", "rate"])
    return ScreenRates(_rates(table, wanted), _by_world(table), draws, sessions, seed)


def _looked_at(
    kind: str, noise: str, wanted: Sequence[str], sessions: int, *, seed: list[int]
) -> list[tuple[Any, ...]]:
    """Return, for one fund, which screens cry on it as it is, and how much of what is planted they name."""
    rng = np.random.default_rng(seed)
    history = _made(kind, noise, sessions, int(rng.integers(2**31)))
    count = COUNTS[(seed[1] + seed[2]) % len(COUNTS)]
    frame = history.frame
    clean = _named(history, frame)
    rows: list[tuple[Any, ...]] = [(kind, noise, name, "", 0, float(name in clean)) for name in FAULTS]
    for name in wanted:
        if _is_out(name, history):
            continue
        _, plant = FAULTS[name]
        places = _places(frame, rng, {name: count} if name in _BY_ROW else {})
        found = _named(history, plant(frame.copy(), rng, places.get(name, _NOWHERE)))
        rows.append((kind, noise, name, "alone", count, _share(frame, found, name, places)))
    mixed = [name for name in _MIXED if name in wanted]
    if len(mixed) > 1:
        drawn = rng.choice(mixed, count)
        places = _places(frame, rng, {name: int((drawn == name).sum()) for name in mixed})
        spoilt = frame.copy()
        for name in places:
            spoilt = FAULTS[name][1](spoilt, rng, places[name])
        found = _named(history, spoilt)
        rows += [(kind, noise, name, "mixed", count, _share(frame, found, name, places)) for name in places]
    return rows


_NOWHERE: Final[Places] = np.empty(0, dtype=np.int64)


def _is_out(name: str, history: History) -> bool:
    """Tell whether a fault cannot be in a fund: hours of one that is leveraged, the premium of one without a close."""
    if name == "clock_offset":
        return history.multiple != 1.0
    return name.startswith("premium_") and "close" not in history.frame


def _places(frame: pd.DataFrame, rng: np.random.Generator, counts: Mapping[str, int]) -> dict[str, Places]:
    """Return where faults are planted, by their names: each in a stretch of its own."""
    starts = np.arange(_EDGE, len(frame) - _EDGE - _STRETCH + 1, _STRETCH)
    moves = np.abs(np.diff(np.log(frame["benchmark"].to_numpy(dtype=np.float64)), prepend=np.nan))
    # A value that was not updated shows where the market moved: such faults come first to the liveliest stretches.
    liveliest = starts + np.argmax(moves[starts[:, None] + np.arange(3)], axis=1)
    order = np.argsort(-moves[liveliest], kind="stable")
    stale = counts.get("stale_value", 0)
    places = {"stale_value": np.sort(liveliest[order[:stale]])} if stale else {}
    others = rng.permutation(starts[np.sort(order[stale:])])
    for name, count in counts.items():
        if count and name != "stale_value":
            places[name], others = np.sort(others[:count]), others[count:]
    return places


def _share(
    frame: pd.DataFrame, found: Mapping[str, set[pd.Timestamp]], name: str, places: Mapping[str, Places]
) -> float:
    """Return the share of the planted rows that a screen names; of a whole series whether it does."""
    if name not in places:
        return float(name in found)
    return float(np.mean([day in found.get(name, set()) for day in frame.index[places[name]]]))


def _made(kind: str, noise: str, sessions: int, seed: int) -> History:
    # The bundled funds' terms are the usual ones.
    world: World = SIMULATED_FUNDS[f"SIM-{kind.upper()}"].world
    world = replace(world, sessions=sessions, noise=replace(world.noise, shocks=_NOISES[noise]))
    return simulate(world, seed)


def _named(history: History, frame: pd.DataFrame) -> dict[str, set[pd.Timestamp]]:
    """Return the sessions that each screen names, by its name."""
    # What the driver of distributions accounts for is no finding; a planted payment is not among them.
    paid = history.inputs.get("distributions")
    columns = [name for name in ("nav", "close", "benchmark") if name in frame]
    kept = frame.loc[frame.index.isin(history.frame.index), columns]
    premium = frame["premium"] if "premium" in frame else _published(frame) if "close" in frame else None
    prior = frame["prior_nav"] if "prior_nav" in frame else frame["nav"].shift(1)
    found = screen(
        kept,
        calendar=history.fund.calendar,
        raw={name: frame[name] for name in columns} | ({} if premium is None else {"premium_published": premium}),
        units={"premium_published": "USD"},
        multiple=history.multiple,
        clock=history.clocks["nav"],
        distributions=paid if isinstance(paid, pd.Series) else None,
        beside=pd.DataFrame({"nav": frame["nav"], "prior_nav": prior}),
    )
    named: dict[str, set[pd.Timestamp]] = {}
    for item in found:
        # Rows that are dropped anyway are a note, and the fault is that they are there.
        if item.severity != "note" or item.rule == "carried_forward":
            named.setdefault(_ONE_NAME.get(item.rule, item.rule), set()).update(item.sessions)
    return named


# Several names for one thing: which hours, which unit.
_ONE_NAME: Final = {
    "local_time_for_utc": "clock_offset",
    **{f"premium_in_{unit}": "premium_unit" for unit in ("dollars", "percent", "fraction")},
}


def _published(frame: pd.DataFrame) -> pd.Series[float]:
    """Return an honest premium in dollars, to the cent."""
    return (frame["close"] - frame["nav"]).round(2)


def _rates(table: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    rows = {}
    for name in wanted:
        part = table[table["screen"] == name]
        clean, alone, mixed = (part[part["planted"] == how] for how in ("", "alone", "mixed"))
        by_count = alone.groupby("count")["rate"].mean().reindex(COUNTS) if name in _BY_ROW else [np.nan] * len(COUNTS)
        rows[name] = [
            FAULTS[name][0],
            float(clean["rate"].mean()),
            float(alone["rate"].mean()),
            *(float(rate) for rate in by_count),
            float(mixed["rate"].mean()),
            len(clean),
            len(alone),
        ]
    columns = ["fault", "false_alarms", "detected", *map(str, COUNTS), "mixed", "clean", "planted"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("screen")


def _by_world(table: pd.DataFrame) -> pd.DataFrame:
    shares = table.groupby(["screen", "kind", "noise", "planted"])["rate"].mean().unstack("planted")  # noqa: PD010
    return shares.rename(columns={"": "false_alarms", "alone": "detected"})

"""How often the intervals of a tracking error hold it, in worlds where it is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

import numpy as np
import pandas as pd

from research.errors import UnknownNameError
from research.metrics.tracking_error_interval import Kind, calibration, horizon_sums, interval_features
from research.simulation.checks import whole
from research.simulation.coverage import share_interval
from research.simulation.tracking_error_worlds import TRIED, UNSEEN
from research.tables import Result, Table

__all__ = ["TrackingErrorCoverage", "tracking_error_coverage"]

_WORLDS: Final = {**TRIED, **UNSEEN}


@dataclass(frozen=True, eq=False)
class TrackingErrorCoverage(Result):
    """Result of `tracking_error_coverage`.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each ``world``, ``horizon``, number of ``sessions`` and ``kind``: whether it is ``unseen`` in
        training, ``coverage`` and its Monte-Carlo interval ``lower`` to ``upper``, share of draws whose truth lies
        ``below`` and ``above``, mean ``width`` (upper over lower end, geometric) and the ``best`` possible: the width
        of the shortest symmetric-tailed interval of somebody who knows the world.
    draws, seed : int
        Samples of each world and length, and what seeded them.
    confidence : float
        Nominal coverage.
    """

    frame: pd.DataFrame = field(repr=False)
    draws: int
    seed: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `frame`."""
        return self.frame.copy()

    def worst(self) -> pd.DataFrame:
        """Return the lowest coverage of each kind, horizon and length, among worlds trained on and among the unseen."""
        keys = ["kind", "unseen", "horizon", "sessions"]
        places = self.frame.groupby(keys)["coverage"].idxmin()
        return self.frame.loc[places].set_index(keys)[["world", "coverage", "lower", "upper"]]

    def summary(self) -> Table:
        """Return coverage and widths as a table, both kinds side by side."""
        places = ["world", "horizon", "sessions"]
        parts = []
        for kind in get_args(Kind):
            rows = self.frame[self.frame["kind"] == kind].set_index(places)
            shown = pd.DataFrame({"%": 100.0 * rows["coverage"], "width": rows["width"], "best": rows["best"]})
            parts.append(shown.add_prefix(f"{kind.replace('_', ' ')} "))
        table = pd.concat(parts, axis=1).reset_index().set_index("world")
        formats = {name: ".1f" if name.endswith("%") else ".2f" for name in table.columns[2:]}
        worst = self.frame.sort_values("coverage").drop_duplicates("kind").to_dict(orient="records")
        notes = [
            f"Worst {row['kind'].replace('_', ' ')}: {100 * row['coverage']:.1f} % ({row['world']}, "
            f"horizon {row['horizon']}, {row['sessions']} sessions)."
            for row in worst
        ]
        caption = (
            f"Coverage of {self.confidence:.0%} intervals of the tracking error, %, and upper over lower end; "
            f"{self.draws} samples each, seed {self.seed}"
        )
        return Table(table.rename_axis(None), caption, formats, tuple(notes))

    def to_dict(self) -> dict[str, object]:
        """Return the study as plain numbers and words."""
        rows = self.frame.to_dict(orient="records")
        return {"confidence": self.confidence, "draws": self.draws, "seed": self.seed, "rows": rows}


def tracking_error_coverage(
    worlds: Iterable[str] | None = None,
    draws: int = 2000,
    sessions: Sequence[int] = (126, 252, 504, 1008),
    *,
    horizons: Sequence[int] = (1,),
    seed: int = 1,
    confidence: float = 0.95,
) -> TrackingErrorCoverage:
    """Measure what the intervals of a tracking error cover, and how wide they are.

    Parameters
    ----------
    worlds : iterable of str, optional
        Names in `TRIED` and `UNSEEN`; all where not given.
    draws : int
        Samples of each world and length.
    sessions : sequence of int
        Lengths of the samples.
    horizons : sequence of int
        Horizons in sessions.
    seed : int
        Seeds everything. The training draws from seeds of its own kind, so that no sample is ever both.
    confidence : float
        Nominal coverage.

    Returns
    -------
    TrackingErrorCoverage

    Raises
    ------
    ParameterError
        If there are fewer than 20 draws, a sample is shorter than 63 sessions or six horizons, or no coefficients exist
        for a horizon or `confidence`.
    UnknownNameError
        If a world does not exist; the nearest is offered.

    Examples
    --------
    >>> found = tracking_error_coverage(["Laplace"], 50, (126,))
    >>> found.frame["kind"].tolist()
    ['period', 'long_run']
    """
    whole("draws", draws, 20)
    names = list(_WORLDS) if worlds is None else list(worlds)
    for name in names:
        if name not in _WORLDS:
            raise UnknownNameError("world", name, _WORLDS)
    for count in sessions:
        whole("sessions", count, max(63, 6 * max(horizons)))
    rows = [
        row for name in names for count in sessions for row in _measured(name, draws, count, horizons, seed, confidence)
    ]
    return TrackingErrorCoverage(pd.DataFrame(rows), draws, seed, confidence)


def _measured(
    name: str, draws: int, sessions: int, horizons: Sequence[int], seed: int, confidence: float
) -> list[dict[str, object]]:
    """Return one row for each horizon and kind of a world and a length."""
    place = (1_000_000 + list(_WORLDS).index(name), sessions)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))
    drawn = _WORLDS[name](rng, draws, sessions)
    rows: list[dict[str, object]] = []
    for horizon in horizons:
        sums = horizon_sums(drawn.values, horizon)
        features, deviation, error, _ = interval_features(drawn.values, sums, horizon)
        for kind in get_args(Kind):
            ends = calibration(horizon, confidence).log_ends(features, error, kind)
            truth = np.log((drawn.period if kind == "period" else drawn.long_run)(horizon) / deviation)
            below, above = truth < ends[:, 0], truth > ends[:, 1]
            inside = int((~below & ~above).sum())
            lower, upper = share_interval(inside, draws)
            outer = np.quantile(truth, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
            figures = {"coverage": inside / draws, "lower": lower, "upper": upper}
            figures |= {"below": float(below.mean()), "above": float(above.mean())}
            figures |= {"width": float(np.exp(np.ptp(ends, axis=1).mean())), "best": float(np.exp(np.ptp(outer)))}
            key = {"world": name, "unseen": name in UNSEEN, "horizon": horizon, "sessions": sessions, "kind": kind}
            rows.append(key | figures)
    return rows

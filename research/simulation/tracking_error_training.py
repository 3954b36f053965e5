"""How the tracking error's interval gets its coefficients: the shortest that covers every kind of simulated fund.

The width's coefficients minimise the mean length of the interval, on the logarithmic scale and in units of the error
that independent sums would have, subject to the nominal coverage of each kind of training world at each length of
sample. A quantile regression would hold coverage on average over the worlds; the constraint holds it where it is
hardest, and width is paid only where it is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from research.conventions import check_confidence
from research.files import write_atomically
from research.metrics.tracking_error_interval import (
    FEATURES,
    LOG_WIDTHS,
    Calibration,
    Kind,
    horizon_sums,
    interval_features,
)
from research.simulation.checks import whole
from research.simulation.tracking_error_worlds import FAMILIES, training_draws, worlds_fingerprint
from research.versions import versions

__all__ = ["LENGTHS", "train_interval", "write_calibration"]

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LENGTHS: Final = (63, 126, 252, 504, 1008, 1512)
"""Sessions of the training samples."""

HORIZONS: Final = (1, 5, 21)

_CHUNK: Final = 2_000
_FEWEST: Final = 150  # kinds with fewer draws of a length are counted together
_SMOOTH: Final = 0.04  # width of the logistic that stands for covered or not, on the log scale of the half width
_PENALTY: Final = 200.0  # at first; dearer than all the length there is, or no coverage would be the best one
_ROUNDS: Final = 10
_STEPS: Final = 100


@dataclass(frozen=True, eq=False)
class _Sample:
    """Training funds of one horizon: features, independent error, ln(truth/estimate) of each kind, kind of fund."""

    features: Array
    error: Array
    truth: Mapping[Kind, Array]
    kind: Whole

    def needs(self, kind: Kind) -> Array:
        """Return the log half widths, over the independent error, that would just reach the truth, shape (2, draws)."""
        scaled = self.truth[kind] / self.error
        return np.asarray(np.log(np.maximum(np.stack([-scaled, scaled]), 1e-3)))


def _draw(horizons: Sequence[int], lengths: Sequence[int], draws: int, seed: int) -> dict[int, _Sample]:
    """Return the training funds; every horizon sees the same ones."""
    parts: dict[int, list[tuple[npt.NDArray[Any], ...]]] = {horizon: [] for horizon in horizons}
    for place, sessions in enumerate(lengths):
        for chunk, start in enumerate(range(0, draws, _CHUNK)):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place, chunk)))
            drawn = training_draws(rng, min(_CHUNK, draws - start), sessions)
            funds = drawn.divergences
            for horizon in horizons:
                if sessions < 6 * horizon:
                    continue
                sums = horizon_sums(funds.values, horizon)
                features, deviation, error, _ = interval_features(funds.values, sums, horizon)
                truths = (np.log(truth / deviation) for truth in (funds.period(horizon), funds.long_run(horizon)))
                parts[horizon].append((features, error, *truths, drawn.kind * len(lengths) + place))
    return {horizon: _sample(found) for horizon, found in parts.items()}


def _sample(parts: list[tuple[npt.NDArray[Any], ...]]) -> _Sample:
    features, error, period, long_run, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Sample(features, error, {"period": period, "long_run": long_run}, kind)


def _fit(design: Array, needs: Array, kinds: Whole, confidence: float) -> Array:
    """Return coefficients of the lower and of the upper log half width, shape (2, columns of the design).

    `needs`, shape (2, draws), are the log half widths that would just reach the truth.

    Augmented Lagrangian for inequalities (Rockafellar 1973): multipliers of the kinds that are covered too seldom
    grow until they are not. Covered or not is smoothed by a logistic, so that there is a gradient.
    """
    _, cell, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    _, cell, counts = np.unique(np.where(counts[cell] < _FEWEST, -1, cell), return_inverse=True, return_counts=True)
    directions, back = _directions(design)
    multipliers, penalty = np.zeros(len(counts)), _PENALTY

    def covered(point: Array) -> tuple[Array, Array, Array]:
        widths = np.clip(directions @ point.reshape(2, -1).T, *LOG_WIDTHS).T
        sides = expit((widths - needs) / _SMOOTH)
        return widths, sides, np.bincount(cell, sides[0] * sides[1]) / counts

    def objective(point: Array) -> tuple[float, Array]:
        widths, sides, coverage = covered(point)
        halves = np.exp(widths)
        short = np.maximum(multipliers + penalty * (confidence - coverage), 0.0)
        value = halves.sum(axis=0).mean() + ((short**2 - multipliers**2) / (2.0 * penalty)).mean()
        pull = (short / counts / len(counts))[cell] * sides[0] * sides[1] / _SMOOTH
        slopes = halves / len(design) - pull * (1.0 - sides)
        return float(value), (slopes @ directions).ravel()

    start = np.array([[1.0], [1.5]]) * np.ones(len(design)) @ directions / len(design)
    point = start.ravel()
    for _ in range(_ROUNDS):
        point = minimize(objective, point, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
        multipliers = np.maximum(multipliers + penalty * (confidence - covered(point)[2]), 0.0)
        penalty = 1.5 * penalty
    return np.asarray(point.reshape(2, -1) @ back)


def _directions(design: Array) -> tuple[Array, Array]:
    """Return orthogonal directions of the design, mean square 1, and what turns coefficients on them into its own.

    In these the minimiser needs a fraction of the steps; what the samples cannot tell apart has no direction.
    """
    left, sizes, right = np.linalg.svd(design, full_matrices=False)
    kept = sizes > 1e-9 * sizes[0]
    root = np.sqrt(len(design))
    return left[:, kept] * root, right[kept] * (root / sizes[kept])[:, None]


def train_interval(
    *,
    draws: int = 20_000,
    seed: int = 0,
    confidence: Sequence[float] = (0.95,),
    horizons: Sequence[int] = HORIZONS,
    lengths: Sequence[int] = LENGTHS,
) -> dict[str, Any]:
    """Return coefficients of `tracking_error_interval` made anew, as the bundled file holds them.

    Parameters
    ----------
    draws : int
        Funds of each length of sample.
    seed : int
        Seeds everything.
    confidence : sequence of float
        Nominal coverages.
    horizons, lengths : sequence of int
        Horizons, and sessions of the samples.

    Returns
    -------
    dict
        ``made_by`` (command, seed, draws, lengths, worlds, versions), ``features`` and, by ``confidence`` and horizon,
        a `Calibration`.

    Raises
    ------
    ParameterError
        If there are fewer than 100 draws or a confidence is not between 0 and 1.

    Notes
    -----
    Same arguments, same coefficients, to the four decimals that are kept. Kinds with fewer than 150 draws at a length
    are counted together: a small design is a trial of the machinery, not a calibration.

    Examples
    --------
    >>> found = train_interval(draws=100, horizons=(1,), lengths=(63,))
    >>> list(found["confidence"]["0.95"]["1"])
    ['centre', 'scale', 'period', 'long_run']
    """
    whole("draws", draws, 100)
    levels: dict[str, dict[str, Any]] = {f"{check_confidence(level):g}": {} for level in confidence}
    for horizon, sample in _draw(horizons, lengths, draws, seed).items():
        centre, scale = sample.features.mean(axis=0), sample.features.std(axis=0)
        scale = np.where(scale > 1e-9, scale, 1.0)  # samples of one length only
        design = Calibration.design(sample.features, centre, scale)
        for level, found in zip(confidence, levels.values(), strict=True):
            entry = {"centre": centre, "scale": scale}
            for kind in get_args(Kind):
                entry[kind] = _fit(design, sample.needs(kind), sample.kind, level)
            found[str(horizon)] = {name: np.round(values, 4).tolist() for name, values in entry.items()}
    return {"made_by": _made_by(draws, seed, lengths), "features": list(FEATURES), "confidence": levels}


def _made_by(draws: int, seed: int, lengths: Sequence[int]) -> dict[str, Any]:
    used = ("python", "tracking-research", "numpy", "scipy")
    return {
        "command": "research simulate tracking-error --train FILE",
        "seed": seed,
        "draws": draws,
        "lengths": list(lengths),
        "families": list(FAMILIES),
        "worlds": worlds_fingerprint(),
        "versions": {name: version for name, version in versions().items() if name in used},
    }


def write_calibration(path: Path, record: Mapping[str, Any]) -> None:
    """Write coefficients as the bundled file is written: a line for each list of numbers."""
    text = json.dumps(record, indent=1)
    flat = re.sub(r"\[[^\[\]{}]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    write_atomically(path, f"{flat}\n".encode())

"""The worlds of the tracking error's interval, its training on them, and what it covers in them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from research.cli import main
from research.errors import ParameterError, UnknownNameError
from research.metrics.tracking_error_interval import (
    Calibration,
    calibration,
    calibration_record,
    horizon_sums,
    interval_features,
)
from research.simulation.tracking_error_coverage import tracking_error_coverage
from research.simulation.tracking_error_training import train_interval, write_calibration
from research.simulation.tracking_error_worlds import (
    FAMILIES,
    RANGES,
    TRIED,
    UNSEEN,
    training_draws,
    worlds_fingerprint,
)

WORLDS = TRIED | UNSEEN


def squares(values: np.ndarray, horizon: int) -> np.ndarray:
    """Mean square of the sums over a horizon; the divergences have mean zero."""
    return (horizon_sums(values, horizon) ** 2).mean(axis=1)


def assert_mean_zero(values: np.ndarray, what: str = "") -> None:
    """Within four standard errors of the mean."""
    assert abs(np.mean(values)) <= 4 * np.std(values) / np.sqrt(len(values)) + 1e-12, what


class TestWorlds:
    @pytest.mark.parametrize("horizon", [1, 5, 21])
    @pytest.mark.parametrize("name", WORLDS)
    def test_the_period_variance_is_the_mean_square(self, name, horizon):
        drawn = WORLDS[name](np.random.default_rng(10), 1500, 126)
        # Differences and not ratios: where the shocks drive the variance, the ratio's mean is not 1.
        assert_mean_zero((squares(drawn.values, horizon) - drawn.period(horizon) ** 2) / drawn.long_run(horizon) ** 2)

    @pytest.mark.parametrize("name", [name for name in WORLDS if "t 5" not in name])
    def test_periods_average_to_the_long_run(self, name):
        drawn = WORLDS[name](np.random.default_rng(20), 1500, 252)
        for horizon in (1, 21):
            period, long_run = drawn.period(horizon) ** 2, drawn.long_run(horizon) ** 2
            assert_mean_zero(period - long_run)

    def test_training_funds_know_their_variance(self):
        drawn = training_draws(np.random.default_rng(1), 6000, 126)
        funds, family = drawn.divergences, drawn.family
        gaps = (squares(funds.values, 5) - funds.period(5) ** 2) / funds.long_run(5) ** 2
        for number, name in enumerate(FAMILIES):
            assert_mean_zero(gaps[family == number], name)

    def test_every_family_has_its_share(self):
        drawn = training_draws(np.random.default_rng(2), 4000, 63)
        shares = np.bincount(drawn.family, minlength=len(FAMILIES)) / 4000
        np.testing.assert_allclose(shares, list(FAMILIES.values()), atol=0.03)
        assert sum(FAMILIES.values()) == pytest.approx(1.0)

    def test_the_fingerprint_is_of_the_definition(self, monkeypatch):
        before = worlds_fingerprint()
        monkeypatch.setitem(RANGES, "arch", (0.02, 0.29))
        assert worlds_fingerprint() != before


class TestTraining:
    def test_same_seed_same_coefficients(self):
        first, second, other = (
            train_interval(seed=seed, draws=150, horizons=(1,), lengths=(63,)) for seed in (5, 5, 6)
        )
        assert first == second
        assert first["confidence"] != other["confidence"]

    def test_it_covers_funds_that_it_has_not_seen(self):
        made = train_interval(draws=2000, horizons=(1,), lengths=(126,))
        found = Calibration.of(made["confidence"]["0.95"]["1"])
        fresh = training_draws(np.random.default_rng(99), 2000, 126).divergences
        features, deviation, error, _ = interval_features(fresh.values, fresh.values)
        for kind, truth in (("period", fresh.period()), ("long_run", fresh.long_run())):
            ends = found.log_ends(features, error, kind)
            gap = np.log(truth / deviation)
            assert np.mean((ends[:, 0] <= gap) & (gap <= ends[:, 1])) >= 0.93

    def test_the_bundled_file_was_made_in_these_worlds(self):
        assert calibration_record()["made_by"]["worlds"] == worlds_fingerprint()

    def test_the_bundled_features_are_those_of_these_worlds(self):
        """Centres within sampling error of a fresh draw: the code behind the definition is the same, too."""
        lengths = calibration_record()["made_by"]["lengths"]
        parts = []
        for sessions in lengths:
            values = training_draws(np.random.default_rng(sessions), 500, sessions).divergences.values
            parts.append(interval_features(values, values)[0])
        features, bundled = np.concatenate(parts), calibration(1, 0.95)
        errors = bundled.scale / np.sqrt(len(features))
        assert (np.abs(features.mean(axis=0) - bundled.centre)[1:] <= 5 * errors[1:]).all()
        np.testing.assert_allclose(features.std(axis=0), bundled.scale, rtol=0.1)
        assert features[:, 0].mean() == pytest.approx(bundled.centre[0], abs=1e-4)

    def test_what_is_written_is_what_was_made(self, tmp_path):
        made = train_interval(draws=100, horizons=(1,), lengths=(63,))
        write_calibration(tmp_path / "made.json", made)
        assert json.loads((tmp_path / "made.json").read_text(encoding="utf-8")) == made

    def test_few_draws_are_refused(self):
        with pytest.raises(ParameterError, match="draws is 99"):
            train_interval(draws=99)


class TestCoverage:
    @pytest.mark.parametrize(("horizon", "sessions"), [(1, (126, 504)), (5, (252,)), (21, (252,))])
    def test_every_world_is_covered(self, horizon, sessions):
        """Nominal 95 % covers at least 92 %, estimate plus two Monte-Carlo errors; the command draws more."""
        draws = 400
        frame = tracking_error_coverage(None, draws, sessions, horizons=(horizon,)).frame
        error = np.sqrt(frame["coverage"] * (1 - frame["coverage"]) / draws)
        short = frame[frame["coverage"] + 2 * error < 0.92]
        assert short.empty, short[["world", "sessions", "kind", "coverage"]]

    def test_what_is_steady_is_not_paid_for(self):
        """Against the delta method with the kurtosis known: upper over lower end at most 15 % more."""
        frame = tracking_error_coverage(["independent normal"], 400, (504, 1008)).frame
        period = frame[frame["kind"] == "period"].set_index("sessions")
        for sessions in (504, 1008):
            delta = np.exp(2 * 1.96 / np.sqrt(2 * sessions))
            assert period.loc[sessions, "width"] <= 1.15 * delta
            assert period.loc[sessions, "best"] == pytest.approx(delta, rel=0.04)

    def test_sides_and_worst(self):
        study = tracking_error_coverage(["Laplace", "long memory"], 100, (126, 252))
        frame = study.frame
        np.testing.assert_allclose(frame["coverage"] + frame["below"] + frame["above"], 1.0)
        for key, row in study.worst().iterrows():
            same = frame[(frame["kind"] == key[0]) & (frame["unseen"] == key[1]) & (frame["sessions"] == key[3])]
            assert row["coverage"] == same["coverage"].min()
        assert "Worst long run" in str(study)

    def test_wrong_requests(self):
        with pytest.raises(UnknownNameError, match="'Laplace'"):
            tracking_error_coverage(["Laplase"])
        with pytest.raises(ParameterError, match="sessions is 62"):
            tracking_error_coverage(sessions=(62,))


class TestCommand:
    def run(self, capsys, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", "tracking-error", *arguments])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    def test_table_and_json(self, capsys):
        small = ("--world", "Laplace", "--draws", "20", "--sessions", "126", "--horizon", "1")
        code, out, _ = self.run(capsys, *small)
        assert code == 0
        assert "Coverage of 95%" in out
        code, out, _ = self.run(capsys, *small, "--json")
        assert code == 0
        assert {row["kind"] for row in json.loads(out)["rows"]} == {"period", "long_run"}

    def test_training_writes_a_file(self, capsys, tmp_path):
        target = tmp_path / "made.json"
        code, _, _ = self.run(capsys, "--train", str(target), "--draws", "100", "--horizon", "1", "--seed", "4")
        assert code == 0
        assert json.loads(target.read_text(encoding="utf-8"))["made_by"]["seed"] == 4

    def test_wrong_requests_end_with_2(self, capsys):
        code, _, err = self.run(capsys, "--world", "Laplase")
        assert code == 2
        assert "'Laplace'" in err

"""The stationary bootstrap: its blocks, its sums, its block length against arch's published test value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.errors import ParameterError, SampleError
from research.metrics import Resampling, choose_block_length, stationary_blocks


@settings(max_examples=50)
@given(st.integers(1, 60), st.integers(1, 20), st.floats(1, 80), st.integers(0, 99))
def test_sums_are_sums_over_the_indices(nobs, draws, length, seed):
    values = np.random.default_rng(seed).normal(3, 1, (nobs, 3))
    blocks = stationary_blocks(nobs, draws=draws, block_length=length, seed=seed)
    indices = blocks.indices()
    assert indices.shape == (draws, nobs)
    np.testing.assert_allclose(blocks.sums(values), values[indices].sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(Resampling.of_indices(indices).means(values), values[indices].mean(axis=1), rtol=1e-12)
    summed = np.add.reduceat(blocks.block_sums(values), blocks.first, axis=0)
    np.testing.assert_allclose(summed, values[indices].sum(axis=1), rtol=1e-11)


def test_blocks_are_geometric_and_starts_uniform():
    blocks = stationary_blocks(1000, draws=2000, block_length=8, seed=1)
    indices = blocks.indices()
    goes_on = (np.diff(indices, axis=1) % 1000 == 1).mean()
    assert goes_on == pytest.approx(1 - 1 / 8 + 1 / 8 / 1000, abs=1e-3)
    drawn = np.bincount(indices.ravel(), minlength=1000) / indices.size
    assert drawn.min() > 0.9e-3
    assert drawn.max() < 1.1e-3
    # The lengths of a geometric law: P(more than k) = (7/8)^k, the last block of a replicate being cut short.
    lengths = np.delete(blocks.lengths, blocks.first[1:] - 1)
    for k in (1, 5, 20):
        assert (lengths > k).mean() == pytest.approx(0.875**k, rel=0.05)


def test_block_length_published():
    # arch's own test: an AR(1) of coefficient 0.3, seed 0, 10,000 observations.
    y = np.random.RandomState(0).standard_normal(10_100)
    for i in range(1, len(y)):
        y[i] += 0.3 * y[i - 1]
    assert choose_block_length(y[100:]) == pytest.approx(13.635665, rel=1e-4)
    wide = np.column_stack([y[100:], 1e-6 * np.random.default_rng(0).standard_normal(10_000)])
    assert choose_block_length(wide) == pytest.approx(13.635665, rel=1e-4)


def test_block_length_is_clamped():
    rng = np.random.default_rng(3)
    lengths = [choose_block_length(rng.standard_normal(200)) for _ in range(20)]
    assert min(lengths) == 1.0
    assert choose_block_length(np.full(50, 0.1)) == 1.0
    assert choose_block_length(rng.standard_normal(5)) == 1.0
    assert choose_block_length(np.cumsum(rng.standard_normal(30))) <= 30
    with pytest.raises(SampleError):
        choose_block_length(np.empty(0))


def test_refusals():
    for options in ({"draws": 0}, {"draws": 2.5}, {"block_length": 0.5}, {"block_length": np.nan}):
        with pytest.raises(ParameterError):
            stationary_blocks(10, **({"draws": 5, "block_length": 2.0, "seed": 0} | options))
    with pytest.raises(ParameterError):
        stationary_blocks(0, draws=5, block_length=2.0, seed=0)
    with pytest.raises(ParameterError, match="indices"):
        Resampling.of_indices([[0, 1, 3]])
    with pytest.raises(ParameterError, match="of 10 observations"):
        stationary_blocks(10, draws=5, block_length=2.0, seed=0).sums(np.zeros((9, 1)))

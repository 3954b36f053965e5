"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Workers with a thread a core for linear algebra each spend their time waiting for each other: one thread each, set
# before anything loads numpy.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

PROJECT = Path(__file__).resolve().parents[1]

# --doctest-modules would import every conftest.py a second time, under one name, and refuse the second of them.
collect_ignore_glob = ["*conftest.py"]

# One profile for every property test: no limit of time and no health check that a busy machine could fail, and the same
# examples each time, so that a red run is the change's own fault. --hypothesis-profile search draws new ones; the
# failing example's blob is printed, to be run again with @reproduce_failure.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile("search", settings.get_profile("house"), derandomize=False)
settings.load_profile("house")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real publishers' files; tests that ask for it are marked ``real``."""
    folder = Path(os.environ.get("RESEARCH_REAL_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.fail(f"no real data at {folder}: set RESEARCH_REAL_DATA to the folder that holds crypto/ and general/")
    return folder

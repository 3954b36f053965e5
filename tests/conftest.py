"""Fixtures shared by every room's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]

# --doctest-modules would import every conftest.py a second time, under one name, and refuse the second of them.
collect_ignore_glob = ["*conftest.py"]


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

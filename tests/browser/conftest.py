"""A browser for each module, the real report once for all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import axe_core
import pytest
from chromium import chromium

from research.reporting import run_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the report on ETHV, as ``research report ETHV`` writes it."""
    run = run_report("decomposition", {"fund": "ETHV"}, tmp_path_factory.mktemp("reports"))
    run.raise_for_failure()
    return run.html


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned axe-core: where ``AXE_CORE`` says, else fetched; the checks must bring their own."""
    told = os.environ.get("AXE_CORE")
    if told:
        axe_core.check(Path(told))
        return Path(told)
    if os.environ.get("CI"):
        pytest.fail("AXE_CORE is not set: python tests/browser/axe_core.py FOLDER fetches axe-core and prints its path")
    try:
        return axe_core.fetch(tmp_path_factory.mktemp("axe"))
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"axe-core cannot be fetched: {error}")

"""A series' place must stay in its folder, and its clock must exist."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from research.funds import SeriesSource

GOOD = {"file": "nav.csv", "column": "nav", "clock": "16:00 America/New_York", "unit": "USD", "provider": "issuer"}


@pytest.mark.parametrize("file", ["nav.csv", "sub/nav.csv", "./nav.csv", "a..b.csv", "..csv"])
def test_relative_paths_are_accepted(file):
    assert SeriesSource(**{**GOOD, "file": file}).file == file


@pytest.mark.parametrize(
    "file",
    [
        "/etc/passwd",
        "../nav.csv",
        "sub/../../nav.csv",
        "..",
        "C:\\nav.csv",
        "C:nav.csv",
        "\\\\host\\nav.csv",
        "..\\nav.csv",
        "a\x00b",
    ],
)
def test_paths_that_leave_the_folder_are_refused(file):
    with pytest.raises(ValidationError, match=r"inside the folder of funds\.toml"):
        SeriesSource(**{**GOOD, "file": file})


@pytest.mark.parametrize("clock", ["16:00 America/New_York", "16:00 Europe/London", "24:00 UTC", "00:00 UTC"])
def test_clocks_that_exist_are_accepted(clock):
    assert SeriesSource(**{**GOOD, "clock": clock}).clock == clock


@pytest.mark.parametrize(
    ("clock", "complaint"),
    [
        ("16:00", "not a clock"),
        ("25:00 UTC", "not a clock"),
        ("24:30 UTC", "not a clock"),
        ("4 pm New York", "not a clock"),
        ("16:00 America/New York", "not a clock"),
        ("16:00 America/NewYork", "does not exist"),
        ("16:00 ../../etc/passwd", "does not exist"),
        ("16:00 /etc/localtime", "does not exist"),
        ("16:00 America", "does not exist"),
        ("", "not a clock"),
    ],
)
def test_clocks_that_do_not_exist_are_refused(clock, complaint):
    with pytest.raises(ValidationError, match=complaint):
        SeriesSource(**{**GOOD, "clock": clock})


def test_exactly_one_place():
    with pytest.raises(ValidationError, match="either table"):
        SeriesSource(**{**GOOD, "table": "ethv"})
    with pytest.raises(ValidationError, match="either table"):
        SeriesSource(**{key: value for key, value in GOOD.items() if key != "file"})


def test_tick_is_a_step():
    with pytest.raises(ValidationError, match="greater than 0"):
        SeriesSource(**GOOD, tick=0.0)

"""``runs.toml``: what a matrix makes, and what is refused."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.errors import DataFileError
from research.reporting.batch.spec import is_folder_name, read_spec, safe_name, same_value
from research.strict_toml import read_toml

MATRIX = '[matrix]\nfund = ["A", "B"]\nnotebook = ["n", "m"]\nwindow = [1, 2]\n'


def values(folder: Path, text: str) -> list[dict[str, object]]:
    path = folder / "nightly.toml"
    path.write_text(text, encoding="utf-8")
    return [dict(run.values) for run in read_spec(path).runs]


def test_a_matrix_makes_every_combination_in_order(tmp_path: Path) -> None:
    expected = [
        dict(zip(("fund", "notebook", "window"), c, strict=True)) for c in itertools.product("AB", "nm", (1, 2))
    ]
    assert values(tmp_path, MATRIX) == expected


def test_an_exclusion_takes_out_what_matches_all_its_keys(tmp_path: Path) -> None:
    runs = values(tmp_path, MATRIX + '[[exclude]]\nfund = "A"\nwindow = 2\n[[exclude]]\nnotebook = "m"')
    assert [(run["fund"], run["notebook"], run["window"]) for run in runs] == [
        ("A", "n", 1),
        ("B", "n", 1),
        ("B", "n", 2),
    ]


def test_an_inclusion_adds_a_run_with_the_defaults_that_it_does_not_give(tmp_path: Path) -> None:
    more = '[defaults]\nlevel = 0.9\nkind = "log"\n[[include]]\nfund = "C"\nnotebook = "k"\nkind = "ratio"\nlags = [1]'
    runs = values(tmp_path, MATRIX + more)
    assert len(runs) == 9
    assert runs[0] == {"fund": "A", "notebook": "n", "window": 1, "level": 0.9, "kind": "log"}
    assert runs[-1] == {"fund": "C", "notebook": "k", "kind": "ratio", "lags": [1], "level": 0.9}


def test_inclusions_alone_make_a_batch_and_are_never_excluded(tmp_path: Path) -> None:
    assert values(tmp_path, '[[include]]\nnotebook = "n"') == [{"notebook": "n"}]
    added = '[[include]]\nfund = "A"\nnotebook = "n"\nwindow = 1\n[[exclude]]\nfund = "A"'
    assert values(tmp_path, MATRIX + added)[-1] == {"fund": "A", "notebook": "n", "window": 1}


def test_the_name_is_the_file_s_or_the_one_given(tmp_path: Path) -> None:
    path = tmp_path / "nightly.toml"
    path.write_text(MATRIX)
    assert read_spec(path).name == "nightly"
    path.write_text('name = "weekly-1"\n' + MATRIX)
    assert read_spec(path).name == "weekly-1"
    bad = tmp_path / "my runs.toml"
    bad.write_text(MATRIX)
    with pytest.raises(DataFileError, match=r"my runs\.toml: 'my runs' cannot name a folder"):
        read_spec(bad)


REFUSED = [
    ("", "describes no run"),
    ("[matrix]", "describes no run"),
    ("[matrix", "not valid TOML"),
    ('name = "../x"\n' + MATRIX, r":1: '\.\./x' cannot name a folder"),
    ('name = "NUL"\n' + MATRIX, "'NUL' cannot name a folder"),
    ("name = 3\n" + MATRIX, r":1: name: is 3: .*letters, digits"),
    ('[matrix]\nfund = "ETHV"', r":2: matrix\.fund: is 'ETHV': .*valid list; write a list"),
    ("[matrix]\nfund = []", r":2: matrix\.fund: .*at least 1 item"),
    ('[matrx]\nfund = ["ETHV"]', r":1: matrx: no such key; did you mean 'matrix'"),
    ("matrix = 3", r":1: matrix: is 3: .*write lists"),
    ("[matrix]\nstart = [2025-01-02]", r":2: matrix\.start\[0\]: is 2025-01-02 without quotes.*a date in quotes"),
    ("[matrix]\nx = [nan]", r":2: matrix\.x\[0\]: is nan: a parameter is a finite number"),
    ("[matrix]\nx = [-inf]", r"is -inf"),
    ("[matrix]\nx = [{a = 1}]", r":2: matrix\.x\[0\]: is a dict"),
    ("[matrix]\nx = [[[1]]]", r":2: matrix\.x\[0\]: .*flat list"),
    ("[matrix]\nx = [1, 2, 1]", r":2: matrix\.x: holds 1 twice"),
    ('[matrix]\nfund = ["A"]\nfund = ["B"]', "not valid TOML"),
    (MATRIX + '[exclude]\nfund = "A"', r":5: exclude: .*write \[\[exclude\]\] tables"),
    (MATRIX + "[[exclude]]", r":5: exclude\[0\]: is empty"),
    (MATRIX + "[[include]]", r":5: include\[0\]: is empty"),
    (MATRIX + '[[exclude]]\nfunds = "A"', r":6: exclude\[0\]\.funds: is no key of the matrix \(keys: fund,"),
    (MATRIX + '[[exclude]]\nfund = "A"\n[[exclude]]\nfund = "C"', r":7: exclude\[1\]: matches no run"),
    (MATRIX + "[[exclude]]\nwindow = true", r"matches no run"),
    (MATRIX + '[[exclude]]\nfund = "A"\n[[exclude]]\nfund = "B"', "describes no run"),
    (MATRIX + "[defaults]\nx = 2025-01-02", r":6: defaults\.x: is 2025-01-02 without quotes"),
    ("[matrix]\n" + "\n".join(f"p{n} = [1, 2]" for n in range(14)), r"makes 16384 runs, more than 10000"),
    ("[matrix]\n" + "\n".join(f"p{n} = [1, 2]" for n in range(2000)), r"more than 10000"),
    ("x = " + "[" * 5000 + "]" * 5000, "not valid TOML"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_wrong_file_is_one_line_with_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataFileError) as refused:
        values(tmp_path, text)
    message = str(refused.value)
    assert "nightly.toml" in message
    assert re.search(words, message), message
    assert "\n" not in message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"runs\.toml: cannot be read \(No such file"):
        read_spec(tmp_path / "runs.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataFileError, match="not UTF-8"):
        read_spec(tmp_path / "b.toml")


def test_numbers_are_the_same_whatever_their_type_and_never_a_truth_value() -> None:
    assert same_value(1, 1.0)
    assert not same_value(1, True)
    assert not same_value([0], [False])
    assert not same_value([1], [1, 1])
    assert same_value(["a"], ["a"])


@given(st.text(max_size=200))
def test_whatever_a_fund_is_called_its_name_is_safe_and_names_that_are_safe_stay(name: str) -> None:
    safe = safe_name(name)
    assert is_folder_name(safe)
    assert len(safe) <= 64
    assert safe_name(safe) == safe
    assert safe_name(name, always=True) != name
    if re.fullmatch("[A-Z]{4}", name):
        assert safe == name


@pytest.mark.parametrize(
    "names",
    [("a/b", "a\\b", "a:b"), ("../x", "x", "./x"), ("x" * 100, "x" * 101), ("é", "ê"), ("manifest", "manifest-")],
)
def test_two_names_that_look_alike_when_safe_stay_two(names: tuple[str, ...]) -> None:
    assert len({safe_name(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "CON", "nul.txt", "COM1", "a.", ".runs", "a b", "a/b", "-x", "manifest", "events.jsonl"]
)
def test_names_that_no_file_should_have_are_replaced(name: str) -> None:
    assert safe_name(name) != name
    assert is_folder_name(safe_name(name))


def test_lines_of_keys_are_found_in_arrays_of_tables() -> None:
    file = read_toml(b"[matrix]\nx = [1]\n[[include]]\na = 1\n[[include]]\nb = 2\n", "runs.toml")
    assert file.at(("include", 1, "b")) == "runs.toml:6"
    assert file.at(("include", 1, "c")) == "runs.toml:5"
    assert file.at(("nowhere",)) == "runs.toml"

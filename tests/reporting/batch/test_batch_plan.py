"""What a batch will run: everything wrong is said at once; names, tickers and keys."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from pathlib import Path

import pytest
from batches import notebooks, planned

from research import versions
from research.errors import BatchRequestError
from research.opening import subject
from research.reporting.batch import plan_batch, read_spec
from research.versions import package_hash

OWN = """
[fund.OWN]
name = "Own"
issuer = "me"
kind = "spot"
asset = "ether"
calendar = "XNYS"
fee = "unknown"
listed = { value = 2025-01-02, source = "me", status = "MEM" }
benchmark = { value = "Index", source = "me", status = "MEM" }

[fund.OWN.series.nav]
file = "own.csv"
column = "nav"
clock = "16:00 America/New_York"
unit = "USD"
provider = "me"
"""

SHARED = """
[table.prices]
file = "prices.csv"
format = "csv"

[table.bills]
file = "bills.csv"
format = "csv"
"""
SHARES_TABLES = (
    OWN.replace('file = "own.csv"\n', 'table = "prices"\n')
    + """
[fund.OWN.inputs.bill_rate]
table = "bills"
column = "rate"
clock = "16:00 America/New_York"
unit = "percent"
provider = "me"
"""
)
FROM_A_DATABASE = OWN.replace(
    'file = "own.csv"', 'file = "own.db"\nformat = "sql"\noptions = { query = "select * from nav" }'
)
ASKS_A_SERVER = OWN.replace(
    'file = "own.csv"\n',
    'format = "sql"\noptions = { database_variable = "PRICES", query = "select date, nav from prices" }\n',
)


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)


def problems(folder: Path, text: str, data: str | None = None) -> tuple[str, ...]:
    with pytest.raises(BatchRequestError) as refused:
        planned(folder, text, data=data)
    return refused.value.problems


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = """\
[matrix]
fund = ["ETHV", "ETHA", ""]
notebook = ["sample", "sampel"]
windw = [60]
window = [19, 60, "60", true, 60.5]
level = [0.5, 1]
start = ["2025-02-30", "2025-01-02"]
kind = ["log", "logg"]
lags = [[1], [1.5], 5]
result_path = ["x"]

[defaults]
mood = 3
"""
    found = problems(tmp_path, text)
    expected = [
        r":3: matrix\.notebook: unknown notebook 'sampel': did you mean 'sample'",
        r":2: matrix\.fund: notebook 'sample': unknown fund ''",
        r":4: matrix\.windw: notebook 'sample': unknown parameter 'windw': did you mean 'window'",
        r":5: matrix\.window: notebook 'sample': .*20 <= x <= 250; got 19",
        r":5: matrix\.window: .*got '60'",
        r":5: matrix\.window: .*got True",
        r":5: matrix\.window: .*got 60\.5",
        r":6: matrix\.level: .*0 < x < 1; got 1",
        r":7: matrix\.start: .*ISO date.*got '2025-02-30'",
        r":8: matrix\.kind: .*got 'logg'",
        r":9: matrix\.lags: .*got \[1\.5\]",
        r":9: matrix\.lags: .*got 5",
        r":10: matrix\.result_path: .*set by the runner",
        r":13: defaults\.mood: .*takes text; got 3",
    ]
    for words in expected:
        assert [problem for problem in found if re.search(words, problem)], words
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[matrix]\nfund = ["ETHV"]', r"matrix: names no notebook"),
        ("[matrix]\nnotebook = [3]", r"notebook is 3, not the name of one"),
        (
            '[matrix]\nnotebook = ["sample", "other"]\nwindow = [60]',
            r":3: .*'other' has no parameter 'window' \(only sample",
        ),
        ('[matrix]\nnotebook = ["alone"]\nfund = ["ETHV"]', r":3: .*unknown parameter 'fund'"),
        (
            '[matrix]\nnotebook = ["sample"]\nwindow = [60]\n[[include]]\nnotebook = "sample"',
            r"include\[0\]: .*there twice",
        ),
        ('[matrix]\nnotebook = ["sample"]\nfund = ["ETHV", "ethv"]', r"there twice, also by matrix"),
        ('[matrix]\nnotebook = ["../notebooks/sample"]', r"unknown notebook"),
    ],
)
def test_a_request_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1
    assert re.search(words, found[0]), found[0]


def test_a_notebook_that_is_none_or_takes_no_result_path(tmp_path: Path) -> None:
    (tmp_path / "notebooks" / "torn.ipynb").write_text("{")
    found = problems(tmp_path, '[matrix]\nnotebook = ["torn", "sample"]')
    assert len(found) == 1
    assert "torn.ipynb is not a notebook" in found[0]


def test_runs_are_named_after_what_tells_them_apart(tmp_path: Path) -> None:
    text = """\
[matrix]
fund = ["ETHV", "etha"]
notebook = ["sample", "other"]

[[include]]
notebook = "sample"
lags = [2, 3]
start = "2025-01-02"

[[include]]
notebook = "alone"
"""
    assert [run.id for run in planned(tmp_path, text).runs] == [
        "ETHA/other",
        "ETHA/sample",
        "ETHV/other",
        "ETHV/sample--start-2025-01-02--lags-2-3",
        "ETHV/sample--start-empty--lags-1-5",
        "alone",
    ]


def test_a_known_fund_goes_by_the_registry_s_name_and_an_unknown_one_by_its_own(tmp_path: Path) -> None:
    plan = planned(
        tmp_path, '[matrix]\nfund = ["ethv", "sim-spot", "nobody", "<script>", "../x"]\nnotebook = ["sample"]'
    )
    assert {run.fund for run in plan.runs} == {"ETHV", "SIM-SPOT", "nobody", "<script>", "../x"}
    assert all(run.given["fund"] == run.fund for run in plan.runs)
    names = {run.fund: run.id for run in plan.runs}
    assert names["nobody"] == "nobody/sample"
    for fund in ("<script>", "../x"):
        assert re.fullmatch(r"(script|x)-[0-9a-f]{8}/sample", names[fund])


def test_names_that_differ_in_case_only_get_files_of_their_own(tmp_path: Path) -> None:
    plan = planned(tmp_path, '[matrix]\nfund = ["nobody", "NOBODY"]\nnotebook = ["sample"]')
    assert len({run.id.casefold() for run in plan.runs}) == 2
    assert all(re.fullmatch(r"(?i)nobody/sample-[0-9a-f]{8}", run.id) for run in plan.runs)


def test_data_of_one_s_own_reach_every_notebook_that_can_take_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "funds.toml").write_text(OWN)
    text = '[matrix]\nfund = ["own"]\nnotebook = ["sample"]\n[[include]]\nnotebook = "alone"'
    plan = planned(tmp_path, text, data=str(folder))
    by_notebook = {run.notebook: run for run in plan.runs}
    assert (by_notebook["sample"].fund, by_notebook["sample"].given["data"]) == ("OWN", str(folder))
    assert "data" not in by_notebook["alone"].given
    twice = problems(tmp_path, text + '\n[[include]]\nnotebook = "other"\ndata = "x"', str(folder))
    assert "data is given twice" in twice[0]


def test_a_data_folder_in_the_matrix_that_is_not_there_is_a_run_that_will_fail(tmp_path: Path) -> None:
    plan = planned(tmp_path, '[matrix]\nfund = ["ETHV"]\nnotebook = ["sample"]\ndata = ["nowhere"]')
    assert len(plan.runs) == 1


class TestKeys:
    """A key changes with all that a result depends on, and with nothing else."""

    text = '[matrix]\nfund = ["OWN"]\nnotebook = ["sample"]\n[defaults]\nwindow = 90\ndata = "data"\n'

    @pytest.fixture(autouse=True)
    def _data(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "funds.toml").write_text(OWN)
        (tmp_path / "data" / "own.csv").write_text("date,nav\n")

    def key(self, folder: Path, text: str = text) -> str:
        return planned(folder, text).runs[0].key

    def test_the_same_request_has_the_same_key(self, tmp_path: Path) -> None:
        first = self.key(tmp_path)
        assert re.fullmatch("[0-9a-f]{64}", first)
        assert self.key(tmp_path, self.text.replace("OWN", "own") + "level = 0.95") == first
        (tmp_path / "data" / "unrelated.csv").write_text("x")
        assert self.key(tmp_path) == first

    @pytest.mark.parametrize("file", ["data/funds.toml", "data/own.csv", "notebooks/sample.ipynb"])
    def test_a_file_that_changes_changes_the_key(self, tmp_path: Path, file: str) -> None:
        first = self.key(tmp_path)
        path = tmp_path / file
        path.write_text(path.read_text() + "\n")
        second = self.key(tmp_path)
        assert second != first
        if path.suffix == ".csv":
            path.unlink()
            assert self.key(tmp_path) not in {first, second}

    @pytest.mark.parametrize("file", ["prices.csv", "bills.csv"])
    def test_a_table_that_changes_changes_the_key(self, tmp_path: Path, file: str) -> None:
        data = tmp_path / "data"
        (data / "funds.toml").write_text(SHARED + SHARES_TABLES)
        for name in ("prices.csv", "bills.csv"):
            (data / name).write_text("date,nav,rate\n")
        first = self.key(tmp_path)
        assert self.key(tmp_path) == first
        (data / file).write_text("date,nav,rate\n2025-01-02,1,1\n")
        assert self.key(tmp_path) != first

    def test_what_a_server_holds_is_never_known_to_be_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "data" / "funds.toml").write_text(ASKS_A_SERVER)
        assert self.key(tmp_path) != self.key(tmp_path)

    def test_what_lies_beside_a_database_belongs_to_it(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        (data / "funds.toml").write_text(FROM_A_DATABASE)
        with contextlib.closing(sqlite3.connect(data / "own.db")) as writer:
            writer.execute("pragma journal_mode = wal")
            writer.execute("create table nav (date text, nav real)")
            writer.commit()
            before = (data / "own.db").read_bytes()
            first = self.key(tmp_path)
            writer.execute("insert into nav values ('2025-01-02', 1.0)")
            writer.commit()
            assert (data / "own.db").read_bytes() == before
            assert self.key(tmp_path) != first

    def test_an_empty_log_beside_a_database_is_none(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        (data / "funds.toml").write_text(FROM_A_DATABASE)
        (data / "own.db").write_bytes(b"as it is")
        first = self.key(tmp_path)
        (data / "own.db-wal").touch()
        assert self.key(tmp_path) == first
        (data / "own.db.wal").write_bytes(b"more")
        assert self.key(tmp_path) != first

    def test_a_parameter_that_changes_changes_the_key(self, tmp_path: Path) -> None:
        assert self.key(tmp_path) != self.key(tmp_path, self.text.replace("90", "91"))

    def test_a_file_that_a_parameter_names_belongs_to_the_data(self, tmp_path: Path) -> None:
        text = self.text + 'mood = "extra.csv"\n'
        (tmp_path / "extra.csv").write_text("1")
        first = self.key(tmp_path, text)
        (tmp_path / "extra.csv").write_text("2")
        assert self.key(tmp_path, text) != first

    def test_another_version_changes_the_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.key(tmp_path)
        monkeypatch.setattr(versions, "versions", lambda: {"numpy": "0"})
        assert self.key(tmp_path) != first

    def test_a_version_that_changes_while_a_process_lives_changes_the_key(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        request.addfinalizer(versions._version.cache_clear)
        first = self.key(tmp_path)
        monkeypatch.setattr(versions, "version", lambda name: f"0 of {name}")
        assert self.key(tmp_path) != first

    def test_a_key_is_of_the_code_that_a_caller_names(self, tmp_path: Path) -> None:
        path = tmp_path / "runs.toml"
        path.write_text('[matrix]\nnotebook = ["sample"]')
        keys = [plan_batch(read_spec(path), subject, code={"package": digit * 64}).runs[0].key for digit in "0101"]
        assert keys[:2] == keys[2:]
        assert keys[0] != keys[1]

    def test_other_code_changes_the_key(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = self.key(tmp_path)
        monkeypatch.setattr(versions, "package_hash", lambda: "0" * 64)
        assert self.key(tmp_path) != first

    def test_the_hash_of_the_package_is_of_code_and_data_and_nothing_else(self, tmp_path: Path) -> None:
        package = tmp_path / "package"
        (package / "__pycache__").mkdir(parents=True)
        (package / "_notebooks").mkdir()
        (package / "a.py").write_text("1")
        first = package_hash(package)
        (package / "__pycache__" / "a.pyc").write_text("2")
        (package / "_notebooks" / "n.ipynb").write_text("2")
        assert package_hash(package) == first
        (package / "a.csv").write_text("1")
        second = package_hash(package)
        (package / "a.csv").rename(package / "b.csv")
        (package / "a.py").write_text("2")
        third = package_hash(package)
        assert len({first, second, third}) == 3


def test_a_plan_survives_a_journey_to_another_process(tmp_path: Path) -> None:
    import pickle

    plan = planned(tmp_path, '[matrix]\nnotebook = ["sample"]\nwindow = [60, 61]')
    assert pickle.loads(pickle.dumps(plan)) == plan
    error = BatchRequestError(("a", "b"))
    assert pickle.loads(pickle.dumps(error)).problems == ("a", "b")
    assert json.loads(plan.runs[0].content)["nbformat"] == 4

"""A whole batch without kernels: what it leaves, what it skips, what fails alone."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from batches import Inline, Watcher, documents, go, manifest, matrix, notebooks, planned, work
from processes import Interrupted, interrupted_by

from research.reporting.batch import Outcome, Plan, PlannedRun
from research.reporting.batch.store import Entry, Store
from research.reporting.schema import load_schema, violation


@pytest.fixture(autouse=True)
def _notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebooks(tmp_path / "notebooks", monkeypatch)


def test_a_batch_leaves_reports_manifest_table_events_and_gallery(tmp_path: Path) -> None:
    text = '[matrix]\nfund = ["ETHV", "<script>"]\nnotebook = ["sample", "other"]\n'
    text += '[[exclude]]\nfund = "<script>"\nnotebook = "other"'
    text += '\n[[include]]\nfund = "../x"\nnotebook = "sample"\nmood = "raise"'
    watch = Watcher()
    result = go(planned(tmp_path, text), tmp_path / "reports", watch=watch)
    folder = tmp_path / "reports" / "nightly"
    content = manifest(folder)
    assert content == result.manifest
    jsonschema.Draft202012Validator(load_schema("batch")).validate(content)
    assert violation(content, "batch") is None
    assert (content["counts"], result.ok, result.skipped) == ({"ok": 3, "failed": 1}, False, 0)
    assert {run["fund"] for run in content["runs"]} == {"ETHV", "<script>", "../x"}
    assert [run["id"] for run in content["runs"]] == sorted(run["id"] for run in content["runs"])
    bad = next(run for run in content["runs"] if run["status"] == "failed")
    assert bad["failure"] == {"cell": 3, "heading": "Middle", "error": "ValueError", "message": "no <luck> \\ud800"}
    record = json.loads((folder / bad["files"]["json"]["path"]).read_bytes())
    assert (record["schema"], record["fund"]) == ("research.failure/1", "../x")
    for run in content["runs"]:
        content_hash = hashlib.sha256((folder / run["files"]["json"]["path"]).read_bytes()).hexdigest()
        assert run["files"]["json"]["sha256"] == content_hash
        assert set(run["files"]) == {"html", "ipynb", "json"}
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {"nightly"}
    assert (folder / "index.html").read_text() == "{'ok': 3, 'failed': 1}"
    lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert lines == watch.events
    assert [line["event"] for line in lines] == [
        "begun",
        *["started", "started"],
        *[line["event"] for line in lines[3:-1]],
        "ended",
    ]
    assert sorted(watch.named("finished") + watch.named("failed")) == [run["id"] for run in content["runs"]]
    for secret in ("time", "seconds", "host", str(tmp_path)):
        assert secret not in json.dumps(content)


def test_nothing_that_has_not_changed_runs_again_but_failures_do(tmp_path: Path) -> None:
    text = matrix(3) + '[[include]]\nnotebook = "other"\nmood = "raise"'
    plan, out = planned(tmp_path, text), tmp_path / "reports"
    first = Inline()
    go(plan, out, first)
    assert len(first.ran) == 4
    before = documents(out)
    second = Inline()
    result = go(plan, out, second)
    assert (second.ran, result.skipped) == (["ETHV/other"], 3)
    assert documents(out) == before
    third = Inline()
    go(plan, out, third, force=True)
    assert len(third.ran) == 4
    assert documents(out) == before
    whole = planned(tmp_path, matrix(3))
    idle = Inline()
    result = go(whole, out, idle)
    assert (idle.entered, result.skipped, result.others) == (0, 3, ("ETHV/other",))
    assert (out / "nightly" / "ETHV" / "other.html").exists()
    assert [run["notebook"] for run in manifest(out / "nightly")["runs"]] == ["sample"] * 3


def changed(kind: str, how: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def change(base: Path) -> None:
        path = base.with_name(f"{base.name}.{kind}")
        path.write_bytes(how(path.read_bytes()))

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        changed("json", lambda content: content.replace(b"0.1", b"0.2")),
        changed("html", lambda content: content[:-3]),
        changed("ipynb", lambda content: content[:-3]),
        changed("html", lambda content: b""),
        lambda base: base.with_name(f"{base.name}.html").unlink(),
        lambda base: base.with_name(f"{base.name}.json").unlink(),
        lambda base: (base.parents[1] / ".runs" / "ETHV" / f"{base.name}.json").unlink(),
        lambda base: (base.parents[1] / ".runs" / "ETHV" / f"{base.name}.json").write_text("{"),
        lambda base: (base.parents[1] / ".runs" / "ETHV" / f"{base.name}.json").write_text("[]"),
    ],
)
def test_a_run_whose_files_are_not_whole_runs_again(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    plan, out = planned(tmp_path, matrix(2)), tmp_path / "reports"
    go(plan, out)
    before = documents(out)
    spoil(out / "nightly" / plan.runs[1].id)
    again = Inline()
    go(plan, out, again)
    assert again.ran == [plan.runs[1].id]
    assert documents(out) == before


def test_two_batches_elsewhere_leave_the_same_bytes(tmp_path: Path) -> None:
    text = matrix(5) + '[[include]]\nfund = "<b>"\nnotebook = "other"\nmood = "raise"'
    plan = planned(tmp_path, text)
    go(plan, tmp_path / "one")
    reverse = Plan(plan.name, plan.runs[::-1])
    go(reverse, tmp_path / "two", Inline(capacity=5))
    assert documents(tmp_path / "one") == documents(tmp_path / "two")
    table = "nightly/results.parquet"
    assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()


def test_what_a_worker_hands_back_must_be_whole(tmp_path: Path) -> None:
    spoiled = {
        "ETHV/sample--window-20": {"html": b"<html>"},
        "ETHV/sample--window-21": {"ipynb": b""},
        "ETHV/sample--window-22": {"json": b'{"status": "failed"\n}'},
        "ETHV/sample--window-23": {"json": b'{"a":\n}'},
        "ETHV/sample--window-24": {"json": b'{"schema": "research.result/1"\n}'},
        "ETHV/sample--window-25": dict(work(planned(tmp_path, '[matrix]\nnotebook = ["other"]').runs[0]).files),
    }

    def careless(run: PlannedRun) -> Outcome:
        return Outcome({**work(run).files, **spoiled.get(run.id, {})})

    result = go(planned(tmp_path, matrix(7)), tmp_path / "reports", Inline(careless))
    errors = {run["id"]: run["failure"] and run["failure"]["error"] for run in result.manifest["runs"]}
    assert list(errors.values()) == ["MissingFile"] * 2 + ["InvalidResult"] * 4 + [None]
    failed = result.manifest["runs"][0]
    assert set(failed["files"]) == {"json"}


def test_a_failure_takes_an_older_success_off_the_shelf(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, matrix(1)), tmp_path / "reports"
    go(plan, out)
    assert (out / "nightly" / "ETHV" / "sample.html").exists()
    go(plan, out, Inline(lambda run: None), force=True)
    assert sorted(path.name for path in (out / "nightly" / "ETHV").iterdir()) == ["sample.json"]
    entry = manifest(out / "nightly")["runs"][0]
    assert (entry["failure"]["error"], entry["note"]) == ("WorkerLost", "retried once: the worker was lost")


def test_a_lost_run_is_tried_once_more_and_it_is_said(tmp_path: Path) -> None:
    lost = {"ETHV/sample--window-21"}
    watch = Watcher()

    def once(run: PlannedRun) -> Outcome | None:
        if run.id in lost:
            lost.remove(run.id)
            return None
        return work(run)

    result = go(planned(tmp_path, matrix(3)), tmp_path / "reports", Inline(once), watch=watch)
    assert result.ok
    assert watch.named("retried") == ["ETHV/sample--window-21"]
    assert [run["note"] for run in result.manifest["runs"]] == [None, "retried once: the worker was lost", None]


def test_a_run_that_cannot_be_submitted_fails_alone(tmp_path: Path) -> None:
    class Full(Inline):
        def submit(self, run: PlannedRun) -> None:
            if run.id.endswith("20"):
                raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
            super().submit(run)

    result = go(planned(tmp_path, matrix(3)), tmp_path / "reports", Full())
    assert result.manifest["counts"] == {"ok": 2, "failed": 1}


def test_a_gallery_that_fails_is_a_problem_and_not_an_end(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        raise RuntimeError("no template")

    result = go(planned(tmp_path, matrix(2)), tmp_path / "reports", gallery=broken)
    assert result.manifest["counts"] == {"ok": 2, "failed": 0}
    assert result.problems == ("index.html could not be written: RuntimeError: no template",)
    assert not result.ok


def test_an_interrupted_batch_keeps_what_is_finished(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, matrix(4)), tmp_path / "reports"

    def interrupted(run: PlannedRun) -> Outcome:
        if run.id.endswith("22"):
            raise KeyboardInterrupt
        return work(run)

    with pytest.raises(KeyboardInterrupt):
        go(plan, out, Inline(interrupted))
    assert manifest(out / "nightly")["counts"] == {"ok": 2, "failed": 0}
    again = Inline()
    assert go(plan, out, again).ok
    assert len(again.ran) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_a_record_is_written_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def commit(store: Store, *arguments: Any) -> tuple[Entry, bool]:
        signal.raise_signal(number)
        done = original(store, *arguments)
        signal.raise_signal(number)
        return done

    original = Store.commit
    monkeypatch.setattr(Store, "commit", commit)
    plan, out = planned(tmp_path, matrix(2)), tmp_path / "reports"
    with interrupted_by(number) as handler:
        with pytest.raises(Interrupted):
            go(plan, out)
        assert signal.getsignal(number) is handler
    assert [run["id"] for run in manifest(out / "nightly")["runs"]] == [plan.runs[0].id]
    monkeypatch.setattr(Store, "commit", original)
    assert go(plan, out).skipped == 1


def test_a_torn_line_of_events_does_not_spoil_the_next(tmp_path: Path) -> None:
    plan, out = planned(tmp_path, matrix(1)), tmp_path / "reports"
    go(plan, out)
    with (out / "nightly" / "events.jsonl").open("a") as stream:
        stream.write('{"event": "sta')
    go(plan, out)
    lines = (out / "nightly" / "events.jsonl").read_text().splitlines()
    assert sum(line == '{"event": "sta' for line in lines) == 1
    assert json.loads(lines[-1])["event"] == "ended"


@pytest.mark.slow
def test_two_hundred_runs_with_twenty_faults(tmp_path: Path) -> None:
    plan = planned(tmp_path, matrix(200))
    faults = {run.id for run in plan.runs[::10]}

    def planted(run: PlannedRun) -> Outcome | None:
        if run.id not in faults:
            return work(run)
        kind = sorted(faults).index(run.id) % 3
        unlucky = dataclasses.replace(run, parameters={**run.parameters, "mood": "raise"})
        return None if kind == 0 else Outcome({}) if kind == 1 else work(unlucky)

    first = go(plan, tmp_path / "one", Inline(planted))
    go(plan, tmp_path / "two", Inline(planted))
    assert first.manifest["counts"] == {"ok": 180, "failed": 20}
    assert {run["id"] for run in first.manifest["runs"] if run["failure"]} == faults
    assert documents(tmp_path / "one") == documents(tmp_path / "two")

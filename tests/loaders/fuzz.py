"""A coverage-guided fuzzer over the loaders: ``python tests/loaders/fuzz.py --seconds 60 [--format ishares]``.

Needs the package atheris (not a dependency of the project). Starts from the samples, keeps no corpus, stops at the
first input that is neither refused by a typed error nor read as a table that keeps its promises, and writes that input
into the current folder as ``crash-<format>-...``.
"""

# ruff: noqa: T201 - a program that people run by hand

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one format in this process until the time is up."""
    import atheris

    with atheris.instrument_imports(include=["research.loaders"]):
        from samples import SAMPLES
        from test_loader_properties import check

        from research.errors import ResearchError
        from research.loaders.formats import FORMATS
        from research.loaders.raw import RawFile
    parse = FORMATS[name].load

    def one(content: bytes) -> None:
        try:
            table = parse(RawFile("file", content))
        except ResearchError:
            return
        check(table)

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "sample").write_bytes(SAMPLES[name])
        limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=4096", "-max_len=4096", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={Path.cwd()}/crash-{name}-", str(corpus)], one)
        atheris.Fuzz()


def main() -> int:
    """Fuzz every format, each in a process of its own, for an equal share of the time."""
    from samples import SAMPLES

    parser_ = argparse.ArgumentParser(description=__doc__)
    parser_.add_argument("--seconds", type=int, default=240)
    parser_.add_argument("--format", choices=sorted(SAMPLES))
    asked = parser_.parse_args()
    if asked.format and os.environ.get("RESEARCH_FUZZ_CHILD"):
        fuzz(asked.format, asked.seconds)
        return 0
    names = [asked.format] if asked.format else sorted(SAMPLES)
    failed = []
    for name in names:
        command = [sys.executable, __file__, "--format", name, "--seconds", str(max(asked.seconds // len(names), 1))]
        environment = {**os.environ, "RESEARCH_FUZZ_CHILD": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        print(name, "ok" if done.returncode == 0 else "FAILED", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stderr[-3000:], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

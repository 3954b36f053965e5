"""The rules of the house that a machine can check: floors, circles, size, laziness, notebooks, and the README."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import grimp
import nbformat
import numpy as np
import pytest
import yaml
from interpreters import interpreted
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import research as rs
from research.funds import funds
from research.reporting.parameters import read_schema

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "research"
HEAVY = ["exchange_calendars", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pydantic", "scipy"]
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in (ROOT / "notebooks").rglob("*.ipynb"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# Files that still import each other in a circle: to be emptied, never to grow.


def test_floors_are_stated():
    [floors] = [contract for contract in CONTRACTS if contract["type"] == "layers"]
    assert floors["exhaustive"]
    assert [contract["type"] for contract in CONTRACTS if contract["id"] == "engine"] == ["forbidden"]


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_floors_hold(contract):
    code = (
        "import sys\nfrom importlinter.cli import lint_imports\n"
        "sys.exit(lint_imports(sys.argv[1], limit_to_contracts=(sys.argv[2],), no_cache=True))"
    )
    done = interpreted(code, ROOT / "pyproject.toml", contract, check=False)
    assert done.returncode == 0, done.stdout


def circles(imports: set[tuple[str, str]]) -> list[set[str]]:
    """Return the sets of files in which each imports every other, directly or through others."""
    names = sorted({name for pair in imports for name in pair})
    place = {name: number for number, name in enumerate(names)}
    rows, columns = np.array([[place[here], place[there]] for here, there in sorted(imports)]).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(graph, connection="strong")
    found = [{name for name, label in zip(names, labels, strict=True) if label == one} for one in set(labels)]
    return [circle for circle in found if len(circle) > 1]


def test_circles_are_found():
    chain = {("a", "b"), ("b", "c"), ("c", "d")}
    assert circles(chain) == []
    assert circles(chain | {("d", "b"), ("e", "a")}) == [{"b", "c", "d"}]


def test_no_file_imports_itself_in_a_circle():
    """What a function imports when it runs counts; what a contract declares does not."""
    graph = grimp.build_graph("research", exclude_type_checking_imports=True, cache_dir=None)
    imports = {(here, there) for here in graph.modules for there in graph.find_modules_directly_imported_by(here)}
    declared = {tuple(line.split(" -> ")) for contract in CONTRACTS for line in contract.get("ignore_imports", [])}
    assert declared <= imports
    assert circles(imports - declared) == []


def test_no_file_is_longer_than_a_noun():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 650
    }
    assert long == {}


def test_the_hooks_run_what_make_lint_runs():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlint:", 1)[1].split("\n\n", 1)[0]
    commands = [line.removeprefix("\t@$(BIN)/") for line in recipe.splitlines()[1:]]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [repository] = config["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"].removeprefix(".venv/bin/") for hook in repository["hooks"]] == commands
    assert not any(hook["pass_filenames"] for hook in repository["hooks"])
    assert 3 < len(commands) <= 6


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, research; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = interpreted(code)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom research.cli import cli\n"
        "try: cli(['--help'])\nexcept SystemExit: pass\n"
        f"sys.stderr.write(repr([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = interpreted(code)
    assert done.stderr.strip() == "[]"


def test_every_public_name_resolves():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    names = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert len(names) > 25
    for name in names:
        assert getattr(rs, name) is not None
        assert name in dir(rs)


def test_property_tests_share_one_profile():
    theirs = re.compile(r"\bdeadline=None|\bHealthCheck\b|\bderandomize=|\bdatabase=None|(register|load)_profile\(")
    said = [path.name for path in (ROOT / "tests").rglob("*.py") if theirs.search(path.read_text(encoding="utf-8"))]
    assert said == ["conftest.py"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
class TestNotebooks:
    def read(self, path):
        return nbformat.read(ROOT / path, as_version=4)

    def test_valid_and_stripped(self, path):
        notebook = self.read(path)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert cell.outputs == []
                assert cell.execution_count is None
                assert "papermill" not in cell.metadata
        assert "papermill" not in notebook.metadata

    def test_thin(self, path):
        notebook = self.read(path)
        assert len(notebook.cells) <= 24
        for cell in notebook.cells:
            if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
                assert len(cell.source.splitlines()) <= 14

    def test_parameters_are_annotated_and_explained(self, path):
        schema = read_schema(ROOT / path)
        assert "result_path" in schema
        assert all(parameter.help for parameter in schema.values())


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_stand_first_and_the_picture_exists():
    lines = [line for line in readme().splitlines() if line.strip()]
    assert lines[1] == "```"
    assert lines[2].startswith("make report")
    assert lines[3].startswith("make test")
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme()):
        assert (ROOT / picture).is_file()


def test_the_funds_toml_of_the_readme_is_valid(tmp_path):
    example = next(block for block in re.findall(r"```toml\n(.*?)```", readme(), re.S) if "[fund.MYFUND]" in block)
    assert tomllib.loads(example)["fund"]["MYFUND"]["issuer"] == "Mine"
    (tmp_path / "funds.toml").write_text(example, encoding="utf-8")
    mine = {fund.ticker: fund for fund in funds(tmp_path)}["MYFUND"]
    assert mine.fee.headline == 0.0025
    assert mine.benchmark_mismatch is None


def test_the_python_of_the_readme_runs():
    block = next(b for b in re.findall(r"```python\n(.*?)```", readme(), re.S) if "rs.decompose" in b)
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names["result"].reconciliation_gap < 1e-12


def test_no_host_of_a_registry_and_no_path_of_a_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    words = ["pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "/ro" + "ot/", "/wo" + "rk/"]
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in {".py", ".toml", ".md", ".txt", ".ipynb", ".json", ".cfg", ".yml", ".yaml"}
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], name

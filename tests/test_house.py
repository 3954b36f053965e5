"""The rules of the house that a machine can check: floors, laziness, notebooks, and what the README promises."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
from interpreters import interpreted

import research as rs
from research.funds import funds
from research.reporting.parameters import read_schema

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "research"
FLOORS = [
    {"errors"},
    {"conventions", "strict_toml", "tables"},
    {"funds"},
    {"loaders"},
    {"alignment"},
    {"metrics"},
    {"drivers"},
    {"decomposition"},
    {"simulation"},
    {"plots"},
    {"reporting"},
    {"cli"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = ["exchange_calendars", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pydantic", "scipy"]
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
# Inside functions, when somebody asks: a result's figures, and a simulated fund, which is made from the floors below.
REACHES_UP = {
    Path("decomposition/result.py"): {"plots"},
    Path("funds/registry.py"): {"simulation"},
    Path("alignment/load.py"): {"simulation", "drivers"},
}
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in (ROOT / "notebooks").rglob("*.ipynb"))


def room(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the rooms that a module imports when it is loaded or used, those for type checkers apart."""
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    names: list[str] = []
    for node in ast.walk(tree):
        if id(node) in checking:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("research.")}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_file_imports_from_floors_below_it(path):
    allowed = REACHES_UP.get(path, set())
    own = room(path)
    above = {other for other in imported(path) - {own} - allowed if FLOOR[other] >= FLOOR[own]}
    assert not above, f"{path} imports from {above}"


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
        if path.suffix in {".py", ".toml", ".md", ".txt", ".ipynb", ".json", ".cfg", ".yml"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], name

# Each verb sets up what it needs. On a fresh machine: Python 3.11 or later, make, and a package registry.
PYTHON ?= python3
FUND ?= ETHV
BIN := .venv/bin
READY := .venv/.ready

.PHONY: report test lint bench lab clean
.DELETE_ON_ERROR:

report: $(READY)  ## explain one fund: make report FUND=ETHV
	@$(BIN)/research report $(FUND)

test: $(READY)  ## the tests that need nothing but the checkout
	@$(BIN)/python -m pytest -n logical --dist worksteal

lint: $(READY)  ## style, types, floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY)  ## speed against named peers, as ratios in one run
	@$(BIN)/python -m pytest tests/benchmarks -m bench -q -s --no-header

lab: $(READY)  ## the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

clean:  ## remove the environment and everything that runs have written
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find reports -mindepth 1 -maxdepth 1 ! -name README.md ! -name example.png -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.12 report' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo 'this Python cannot make a virtual environment: install its venv package (python3-venv on Debian)' >&2; exit 2; }
	@echo 'setting up .venv (a minute or two, once)'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint]'
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q research .venv >/dev/null 2>&1 || true
	@touch $@

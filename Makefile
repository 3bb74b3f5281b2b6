# Aftershock: two commands matter, `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AUDIT := .venv-audit
STAMP := $(VENV)/.installed
# Where the lock must install without a compiler; `make lock` proves it.
PYTHONS := 3.11 3.12 3.13 3.14
PLATFORMS := x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-pc-windows-msvc
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help install scale run test lint audit bench torture lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Build .venv from the hash-locked requirements

$(STAMP): requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 15) else f"Aftershock needs Python 3.11 to 3.14; {sys.executable} is {v.major}.{v.minor}. Try: make PYTHON=python3.12 run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m analysis.compile
	@touch $@

scale: $(STAMP) ## Add the extra `scale`: Delta Lake, Dask and what their tests need
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps -r requirements-scale.lock

run: $(STAMP) ## Bring prices and news up to date, judge the claims, write the pages
	@$(BIN)/aftershock run $(ARGS)

lint: $(STAMP) ## Format check, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

audit: $(STAMP) ## Look for weaknesses of the code and of what is installed
	@test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	@$(BIN)/uv pip sync --quiet --python $(AUDIT)/bin/python --require-hashes requirements-audit.lock
	@$(AUDIT)/bin/bandit --quiet --configfile pyproject.toml --recursive flows ingest analysis warehouse dashboards
	@$(BIN)/python -m tests.audit $(AUDIT)/bin/pip-audit requirements.lock requirements-scale.lock requirements-uv.lock

test: lint ## Lint, types, import rules, tests
	@$(BIN)/python -m pytest $(ARGS)

bench: $(STAMP) ## Print the measured ratios of the README
	@for file in tests/bench/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

torture: $(STAMP) ## Count what kills, damage, full disks and damaged input do (SCALE=50 KILLS=200; TESTS=test_storm.py for one)
	@$(BIN)/python -m tests.torture.count $(or $(SCALE),1) $(or $(KILLS),20) $(TESTS)

lock: $(STAMP) ## Resolve the requirements anew (needs a package index)
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --group dev --extra cards --extra notebook pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --group scale --extra scale -c requirements.lock pyproject.toml -o requirements-scale.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --group audit -o requirements-audit.lock
	@echo uv | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate - -o requirements-uv.lock
	@for version in $(PYTHONS); do for platform in $(PLATFORMS); do \
	  $(BIN)/uv pip compile -q --python-version $$version --python-platform $$platform --only-binary :all: --no-header --no-annotate requirements.lock >/dev/null \
	    || { echo "no wheels for Python $$version on $$platform"; exit 1; }; done; done

clean: ## Remove the environment and caches; data in aftershock-home stays
	rm -rf $(VENV) $(AUDIT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build

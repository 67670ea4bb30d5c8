# Everything that a checkout can do. Needs make and Python >= 3.11, nothing else; `make help` lists it.

VENV ?= .venv
UV ?= uv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := protocol services tests benchmarks examples tools
SEEDS ?= 100000

.DEFAULT_GOAL := help
.PHONY: help demo check test unit compose-test wheel-test bench soak soak-days soak-live nightly schemas lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-13s %s\n", $$1, $$2 }'

demo: $(VENV)/.runtime ## play the default scenario: two centres, a broker, the call log as it happens
	@exec $(BIN)/hotline demo $(ARGS)

check: $(VENV)/.dev ## lint, formatting, types, what may import what, and that every test can be collected
	@$(MAKE) --no-print-directory --jobs=2 types rules

# Beside the types, which take longest. What is collected is also compiled, once for all workers of make test.
.PHONY: types rules
types:
	$(BIN)/mypy
rules:
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/pytest --collect-only -qqq >/dev/null || $(BIN)/pytest --collect-only -qqq

# -n auto: several workers, tests that wait beside tests that compute (tests/scheduling.py).
test: check ## everything that must hold: the checks, then every test that this machine can run
	$(BIN)/pytest -n auto -m "not nightly" $(ARGS)

unit: $(VENV)/.dev ## only the tests that need neither broker nor containers
	$(BIN)/pytest -n auto -m "not broker and not compose and not nightly" $(ARGS)

compose-test: $(VENV)/.dev ## only the tests of the container stack
	$(BIN)/pytest -m compose $(ARGS)

wheel-test: $(VENV)/.dev ## build the wheel and run the demo from it, alone in an empty environment
	$(BIN)/python tools/wheel_test.py

bench: $(VENV)/.bench ## measure, each figure beside its comparison: all, or make bench ONLY="conflicts live"; ARGS=--smoke: whether they run
	@for script in $(or $(ONLY:%=benchmarks/bench_%.py),$(sort $(wildcard benchmarks/bench_*.py))); do \
		echo; echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; \
	done

soak: soak-days soak-live nightly ## everything that takes long: faulty days, live kills, load, memory, hostile inputs, nightly tests

nightly: $(VENV)/.dev ## only the tests that make test leaves out: more seeds, the other broker, longer runs
	$(BIN)/pytest -n auto -m nightly --hypothesis-profile=nightly $(ARGS)

soak-days: $(VENV)/.dev ## the invariants over 100,000 faulty days, on all cores: make soak-days SEEDS=20000 ARGS="--minutes 60"
	$(BIN)/python tools/soak.py --days $(SEEDS) --keep tests/simulated/kept_seeds.txt $(ARGS)

soak-live: $(VENV)/.dev ## some two hours of live runs: 200 kills, 200 plans a second, memory at 60x, hostile inputs
	$(BIN)/python benchmarks/bench_kills.py --runs 4 --kills 200 --minutes 60
	$(BIN)/python benchmarks/bench_load.py --rate 200 --minutes 2.5
	$(BIN)/python benchmarks/bench_long_run.py --minutes 31 --speed 60
	$(BIN)/pytest tests/cores -k "hostile or fuzzed or bounded" --hypothesis-seed=random

schemas: $(VENV)/.dev ## write the JSON Schemas, examples, AsyncAPI document and protocol tables anew
	$(BIN)/python -m hotline_services.cli.asyncapi --write .

# Each later lock holds the versions of the earlier ones, so that one environment can take them all.
COMPILE := $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"
lock: ## resolve the dependencies anew (needs uv)
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) --group build -c requirements/runtime.txt -o requirements/build.txt
	$(COMPILE) pyproject.toml --group build --group dev \
		-c requirements/runtime.txt -c requirements/build.txt -o requirements/dev.txt
	$(COMPILE) pyproject.toml --group build --group dev --group bench -c requirements/dev.txt -o requirements/bench.txt

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) build dist

# Stamps: an environment is touched only when its lock, or what is installed from here, has changed.
$(VENV)/.made:
	@python=$$(tools/find-python) && echo "Setting up $(VENV) with $$($$python --version)" && $$python -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(VENV)/.made
	@echo "Installing what Hotline needs"
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing what its tests need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	@echo "Installing what its benchmarks need"
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

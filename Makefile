# Every command a contributor needs. `make` alone lists them.
PYTHON ?= python3
SEED ?= 7
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check fix generate live bench lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## make the virtual environment from the lock file

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## load an invented account into data/demo, no key and no network needed
	@$(BIN)/gigstack-etl demo

test: setup ## run the tests, in 2 PROCESSES, on invented accounts of seed 7: SEED=n for others
	SEED=$(SEED) $(BIN)/pytest -n $(PROCESSES)

quick: setup ## run the tests that take less than a minute and a half together
	$(BIN)/pytest -n $(PROCESSES) -m "not slow"

check: setup ## formatting, lint, types, SQL style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar sql

fix: setup ## put formatting and simple findings right
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar sql

generate: setup ## write what follows from the declared endpoints: staging, docs, columns
	@$(BIN)/python -m tests.generate

live: setup ## load every variant of the API, and write docs/live.md's table of what comes of it
	@$(BIN)/python -m tests.live

bench: setup ## measure speed and memory against the alternatives (about 25 minutes)
	$(BIN)/python -m tests.benchmarks

lock: setup ## resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-annotate --no-strip-extras --quiet --output-file requirements.lock
	@# pip wants a hash for a package with its extras and for the same without them
	awk '/^[^ ]/ { printf "%s", copy; copy = "" } \
		{ print; if (copy || /^[^ ]+\[/) { line = $$0; sub(/\[[^]]*\]/, "", line); copy = copy line "\n" } } \
		END { printf "%s", copy }' requirements.lock > requirements.lock.new
	mv requirements.lock.new requirements.lock

clean: ## remove the environment and everything the demo wrote
	rm -rf $(VENV) data/demo

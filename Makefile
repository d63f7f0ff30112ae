BIN := .venv/bin

.PHONY: setup check fast app test e2e bench

setup:
	python3 -m venv .venv && $(BIN)/pip install -e '.[dev,train]'

check:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fast:
	$(BIN)/pytest -q -n 2 -m "not e2e and not app and not slow"

app:
	$(BIN)/pytest -q -n 2 -m "app and not slow"

test:
	$(BIN)/pytest

e2e:
	$(BIN)/pytest -m e2e

bench:
	$(BIN)/vaevis-tui bench --model dog
	$(BIN)/python -m tests.benchmarks.compare
	$(BIN)/python -m tests.benchmarks.link
	$(BIN)/python -m tests.benchmarks.encoders
	$(BIN)/python -m tests.benchmarks.decoders
	$(BIN)/python -m tests.benchmarks.scripts
	$(BIN)/python -m tests.benchmarks.batches
	$(BIN)/python -m tests.benchmarks.panels
	$(BIN)/python -m tests.benchmarks.start

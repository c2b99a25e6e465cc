# Each of the first two is enough by itself on a fresh clone: Linux, Python 3.11 or newer with
# pip, make, and a package index that pip can reach. PYTHON=… names an interpreter.
MAKEFLAGS += --no-print-directory
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
# The wheel's own environment: its packages come from $(VENV), its extractor from the wheel alone.
WHEEL := $(VENV)/wheel

.PHONY: help demo test check wheel venv lock format clean

help:
	@echo "make demo    extract both seed articles with the embedded model and print the claims"
	@echo "make test    format, lint, types, imports, evals, and the tests on the built wheel"
	@echo "make check   the same without the tests"
	@echo "make format  format the code and mend what the linter can"
	@echo "make lock    write $(LOCK) again from pyproject.toml (needs uv; UPGRADE=--upgrade)"
	@echo "make clean   remove everything that was made here"

demo: venv
	$(BIN)/extractor extract seeds/independent-mosul.txt seeds/cnn-mosul.txt

test: check wheel
	EXTRACTOR_WHEEL=$(CURDIR)/dist PYTHONSAFEPATH=1 $(WHEEL)/bin/python -m pytest

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	@if [ -f evals/__main__.py ] && [ -f evals/baseline.json ]; then \
		echo "$(BIN)/python -m evals"; $(BIN)/python -m evals; fi

wheel: venv
	@rm -rf dist
	$(BIN)/hatchling build -t wheel
	@.ci/wheel-env $(WHEEL) dist/*.whl

venv:
	@.ci/setup

lock:
	@command -v uv >/dev/null || { echo "make: uv is missing: pip install uv" >&2; exit 1; }
	uv pip compile --no-config --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--universal --python-version 3.11 --extra local --extra parquet --group dev --group evals \
		$(UPGRADE) pyproject.toml --output-file $(LOCK)

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) dist evals/out .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

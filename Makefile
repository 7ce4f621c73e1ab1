# Two commands: `make demo` sees a robot take the bag out of the drawer, `make test` sees that all of it works.
# Both set up what they need in .venv the first time; nothing but Python 3.10 or 3.11 has to be installed.

PYTHON ?= $(shell for python in python3.11 python3.10 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

setup: .venv/core.stamp ## Install what the demo needs into .venv

demo: setup ## A small model takes the green bag out of the drawer, in simulation; the record goes to out/demo
	$(BIN)/embodied run --task bag_out_of_drawer --seed 0 --out out/demo

test: lint ## Check style, types and behaviour
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/dev.stamp ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy benchmarks

clean: ## Remove everything that was made, but .venv
	rm -rf out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "This needs Python 3.10 or 3.11 (PyBullet has no wheels for later ones), and found \
	neither python3.11, python3.10 nor such a python3. Install one, or say where it is: make PYTHON=/path/to/python3.11" \
	>&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/core.stamp: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) -e '.[transformers]'
	@touch $@

.venv/dev.stamp: .venv/core.stamp
	$(INSTALL) -e '.[dev,transformers,openai,ray,learning]'
	@touch $@

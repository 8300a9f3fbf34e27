# The set-up, and what is done with it. `make` alone lists the targets.
# Only Python 3.11 to 3.13 with venv, and make, have to be there. README.md has the same steps without make.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.PHONY: help run test faults labs bench wheelhouse versions lock clean

# The first of these that is there and not too old; `make run PYTHON=/path/to/python` chooses another.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
    $$python -c '$(SUITABLE)' >/dev/null 2>&1 && echo $$python && break; done)
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

VENV := .venv/bin/python
# A folder that `make wheelhouse` filled takes the place of the network.
SOURCE := $(if $(wildcard wheelhouse),--no-index --find-links wheelhouse)
MISFIT := wheelhouse/ does not fit this lock, system or Python: remove it, or fill it again with network
HINT := $(if $(SOURCE),|| { echo "$(MISFIT)" >&2; exit 1; })
# Nothing is resolved: the lock names every package, and pip refuses a file whose hash differs.
INSTALL := $(VENV) -m pip --disable-pip-version-check install --no-deps --no-build-isolation
section = awk '/^\# == /{inside = ($$3 == "$(1)")} inside' requirements.lock > .venv/$(1).txt

help: ## List the targets
	@awk -F ': .*## ' '/^[a-z]+:.* ## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/run.stamp ## Install what is needed and run; ARGS="quant=ptq,qat" passes arguments
	@$(VENV) -m coralexp $(ARGS)

test: .venv/test.stamp ## Install what is needed and check everything that the project promises
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m mypy
	.venv/bin/lint-imports
	$(VENV) -m pytest

faults: .venv/test.stamp ## Kill, fill and lock what a sweep needs, and reproduce it: minutes
	$(VENV) -m pytest -m long

labs: .venv/test.stamp ## Run the notebook of every experiment on pictures few and small
	$(VENV) -m pytest -m labs tests/experiments

bench: .venv/run.stamp ## Measure what is promised of speed, half an hour; ARGS="--only reading" measures a row
	$(VENV) benchmarks/speed/bench.py $(ARGS)

wheelhouse: .venv/build.stamp ## Fill wheelhouse/, from which the set-up works without network
	rm -rf wheelhouse.part && mkdir wheelhouse.part
	$(VENV) -m pip --disable-pip-version-check download --no-deps --no-build-isolation \
	    --dest wheelhouse.part --requirement requirements.lock
	rm -rf wheelhouse && mv wheelhouse.part wheelhouse

versions: .venv/test.stamp ## Record the code of the stages and parts after a change that keeps results
	$(VENV) tests/refresh_code_versions.py

lock: ## Write requirements.lock again after a change of pyproject.toml; ARGS=--upgrade for new versions
	$(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip --disable-pip-version-check install --quiet 'uv>=0.13,<0.14'
	PATH="$$PWD/.lock-venv/bin:$$PATH" .lock-venv/bin/python .ci/lock.py $(ARGS)

clean: ## Remove what the set-up and the checks made; results stay
	rm -rf .venv .lock-venv wheelhouse.part dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find coralexp tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# Each stamp says that a section of the lock is installed as it stands now.
.venv/build.stamp: requirements.lock
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(SUITABLE)' || { \
	    echo "coralexp needs Python 3.11, 3.12 or 3.13; make run PYTHON=/path/to/python says where it is" >&2; \
	    exit 1; }
	$(VENV) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv
	$(call section,build)
	$(INSTALL) $(SOURCE) --requirement .venv/build.txt $(HINT)
	@touch $@

.venv/run.stamp: .venv/build.stamp pyproject.toml
	$(call section,run)
	$(INSTALL) $(SOURCE) --requirement .venv/run.txt $(HINT)
	$(INSTALL) --no-index --editable .
	@touch $@

.venv/test.stamp: .venv/run.stamp
	$(call section,test)
	$(INSTALL) $(SOURCE) --requirement .venv/test.txt $(HINT)
	@touch $@

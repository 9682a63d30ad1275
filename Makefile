# Two doors: `make` runs the analysis on the committed data, `make test` passes the tests.
# Needs git, make and any Python 3. uv is taken from PATH, else put into .uv/; it finds or
# fetches a Python >= 3.12 (also one that pyenv's shims hide) and installs from uv.lock.

SHELL := /bin/bash
.DEFAULT_GOAL := run
CORES ?= all
PATHS := $(subst $() ,:,$(strip $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin)))
export PATH := $(CURDIR)/.uv/bin:$(PATH)$(if $(PATHS),:$(PATHS))
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
# Written bytecode is read back by every rule; some machines forbid it.
export PYTHONDONTWRITEBYTECODE :=
UV := uv
RUN := $(UV) run --frozen --no-sync
LIVING := $(RUN) python workflow/scripts/living.py

.PHONY: run test test-slow test-browser test-cluster check lint format bench bench-checks \
  mutations clean setup reference-shift update release verify crate compare fuzz audit sbom \
  calibration faults

run: setup ## the whole analysis: results/report.html
	@$(RUN) snakemake --cores $(CORES) --rerun-incomplete $(ARGS)

setup: .venv/.ready

# Bytecode is compiled once here: imports are most of the time of a warm run.
.venv/.ready: uv.lock pyproject.toml
	@command -v uv >/dev/null || { echo "Fetching uv into .uv/"; \
	  python3 -m venv .uv && .uv/bin/pip install --quiet "uv>=0.9"; }
	@$(UV) sync --frozen
	@touch $@

test: setup ## the fast tests
	@$(RUN) pytest $(ARGS)

test-slow: setup ## simulations: coverage, NUTS on simulated networks
	@$(RUN) pytest -m "slow and not cluster" $(ARGS)

test-browser: setup ## the pages in the system's Chromium, as a person uses them
	@$(RUN) pytest -m browser -n 0 $(ARGS)

test-cluster: setup ## a real Slurm of one node, started by the tests (ARGS="-m cluster": the long run too)
	@$(UV) sync --frozen --inexact --group cluster
	@$(RUN) pytest -m "cluster and not slow" -n 0 tests/test_slurm.py $(ARGS)

check: setup ## validation alone: results/validation/report.html
	@$(RUN) snakemake --cores $(CORES) --quiet rules -- results/validation/findings.csv
	@cat results/validation/errors.txt

lint: setup
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) snakefmt --check Snakefile workflow/rules
	@$(RUN) snakemake --lint

format: setup
	@$(RUN) ruff check --fix . ; $(RUN) ruff format . ; $(RUN) snakefmt Snakefile workflow/rules

bench: setup ## docs/benchmarks.md: SECTIONS="scale edges ..." or all of them
	@$(UV) sync --frozen --inexact --group cluster
	@$(RUN) python benchmarks/page.py $(SECTIONS)

bench-checks: run ## seconds of every check, on the chronic and on a simulated network
	@$(RUN) python benchmarks/checks.py

mutations: setup ## docs/mutations.md: damage the trials table and see what is caught
	@$(RUN) python benchmarks/mutations.py

calibration: setup ## simulation-based calibration of the whole path: its section of the benchmarks
	@$(RUN) python benchmarks/page.py calibration_runs

faults: setup ## a run killed 25 times, full disks, locks, clocks
	@$(RUN) pytest -m "slow or not slow" -n 0 tests/test_faults.py $(ARGS)

reference-shift: run ## docs/reference_choice.md
	@PYTHONPATH=workflow/scripts $(RUN) python benchmarks/reference_choice.py

update: setup ## NEW=trials_2027.csv: the run with new trials, beside the last release
	@$(RUN) snakemake --cores $(CORES) $(ARGS) $(if $(NEW),--config 'new=$(NEW)') -- update

release: setup ## VERSION=1.2: keep this run's tables and inputs under releases/
	@$(LIVING) release "$(VERSION)"

verify: setup ## VERSION=1.2, or the last release: is it reproduced?
	@$(LIVING) verify "$(VERSION)" --cores $(CORES)

crate: setup ## this run as an RO-Crate: results/crate/
	@$(LIVING) crate

compare: setup ## A=first.csv B=second.csv: where two reviewers disagree, and does it matter
	@$(RUN) snakemake --cores $(CORES) $(ARGS) --config 'compare=["$(A)", "$(B)"]' -- compare

fuzz: setup ## SECONDS=60 of bytes at every reader and the config; what breaks one: .cache/fuzz/
	@$(UV) run --frozen --group fuzz python benchmarks/fuzz.py $(or $(SECONDS),60)

# Needs a network: PyPI tells which versions have known holes. What cannot be asked is an error.
audit: setup ## known holes in the versions of uv.lock
	@mkdir -p .cache && $(UV) export --frozen --quiet --no-emit-project -o .cache/requirements.txt >/dev/null
	@$(UV) tool run pip-audit --strict --require-hashes --disable-pip -r .cache/requirements.txt

sbom: setup ## results/sbom.cdx.json: every package of uv.lock, as CycloneDX
	@mkdir -p results
	@$(UV) export --frozen --quiet --no-dev --format cyclonedx1.5 --preview-features sbom-export \
	  -o results/sbom.cdx.json >/dev/null

clean:
	rm -rf results logs .snakemake .cache

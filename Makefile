# make run   from nothing to a report        make test   from nothing to a green suite
PYTHON ?= python3
PRESET ?=
FOLDER ?=
TRIALS ?= one_machine or killed_run
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
NAMED := "$(subst ','\'',$(subst ",\",$(subst \,\\,$(FOLDER))))"
FOLDER_OF := $(if $(filter side-%,$(PRESET)),vae={"images": {"folder": $(NAMED)}},corpus={"folder": $(NAMED)})
CONFIG := $(if $(PRESET),--configfile $(PRESET:%=presets/%.yaml)) $(if $(FOLDER),--config '$(FOLDER_OF)')

.PHONY: help run plan check test coverage test-cluster test-remotes test-conda cluster remotes restore verify lint benchmark lock clean

help:            ## show what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

run: .venv/run   ## the default experiment, or PRESET=name (several: one over the other), with FOLDER= for its local text; OPTIONS are Snakemake's
	python -m pipeline.run $(CONFIG) $(OPTIONS)

plan: .venv/run  ## what a run would take, by itself or with PRESET=: jobs, hours, memory, disk; OPTIONS="--cores 2 64"
	python -m pipeline.costs.plan $(CONFIG) $(OPTIONS)

check: lint      ## what to run before each commit: format, lint, types and unit tests
	python -m pytest -n auto --dist worksteal tests/unit $(OPTIONS)

test: .venv/test ## unit, command-line and workflow tests, and a golden mini run
	python -m pytest -n auto --dist worksteal $(OPTIONS)

coverage: .venv/test ## the same, and which lines they execute (in their own process: what jobs execute is not counted)
	python -m pytest -n auto --dist worksteal --cov --cov-report=term $(OPTIONS)

cluster: .venv/cluster ## what SLURM needs, on top of make run (docs/clusters.md)

test-cluster: .venv/test .venv/cluster ## on a real SLURM of its own, made and removed again: root on Debian; TRIALS= for all faults, ACCOUNTING=1 for sacct
	python -m tests.external.cluster.slurm install $(if $(ACCOUNTING),--accounting)
	$(if $(ACCOUNTING),ACCOUNTING=1) python -m pytest -v -m cluster -k "$(TRIALS)" tests/external/cluster $(OPTIONS)

test-remotes: .venv/test .venv/remotes .venv/s3-server ## DVC's remotes, against servers of their own on this machine
	python -m pytest -m remotes $(OPTIONS)

test-conda: .venv/test ## the mini experiment in the environments of --use-conda, which are built first
	python -m pytest -m conda $(OPTIONS)

remotes: .venv/remotes ## what DVC needs to keep results at s3:// and ssh:// addresses

restore: .venv/run ## after dvc pull: results checked and in place with their provenance, both tools find nothing to do
	python -m pipeline.provenance.restore --check
	dvc checkout
	python -m pipeline.provenance.restore --unpack

verify: .venv/run ## run the full experiment twice in clean copies, -j1 and -j4, and compare every byte
	python -m benchmarks.determinism

lint: .venv/test ## formatting, lint, spelling and types
	ruff format --check . && ruff check . && snakefmt --check Snakefile workflow/rules
	git ls-files -z | xargs -0 codespell
	mypy
	snakemake --lint

benchmark: .venv/run ## short versions of all measurements
	python -m benchmarks.overhead --short
	python -m benchmarks.mixture --short
	python -m benchmarks.sampling --short
	python -m benchmarks.generation --short
	python -m benchmarks.finetuning --short
	python -m benchmarks.scoring --short
	python -m benchmarks.chain --short
	python -m benchmarks.parity --short

lock:            ## resolve requirements/*.in anew (needs uv)
	python -m requirements.pin_requirements

clean:           ## remove results and logs, keep the environment
	rm -rf results logs .snakemake

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	touch $@

.venv/run: .venv/python requirements/run.txt
	python -m pip install --quiet --disable-pip-version-check -r requirements/run.txt
	touch $@

.venv/cluster: .venv/run requirements/cluster.txt
	python -m pip install --quiet --disable-pip-version-check -r requirements/cluster.txt
	touch $@

.venv/test: .venv/run requirements/test.txt
	python -m pip install --quiet --disable-pip-version-check -r requirements/test.txt
	touch $@

.venv/remotes: .venv/run requirements/remotes.txt
	python -m pip install --quiet --disable-pip-version-check -r requirements/remotes.txt
	touch $@

.venv/s3-server: tests/external/remotes/s3-server.txt | .venv/python
	$(PYTHON) -m venv --clear $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -r tests/external/remotes/s3-server.txt
	touch $@

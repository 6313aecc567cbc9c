# One vocabulary: these words are used by README, CI and people alike.
PYTHON ?=
WORKLOAD ?= garments
PORT ?= 5000
BASE ?=
ENGINE ?= podman
TESTS ?= tests/unit

.PHONY: help setup chromium curl run check demo quick test test-machines perf benchmarks score coverage docs site lint format ui serve edge label plan image image-project sbom audit lock clean
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup:  ## install everything into .venv
	@sh install/venv.sh $(PYTHON)

run: setup  ## raw data -> prepared -> trained -> evaluated -> registered -> Bento -> served and asked
	@. ./env.sh && exec python -m flows.train $(WORKLOAD)

check: setup  ## show what would be read, split and trained
	@. ./env.sh && exec python -m flows.check $(WORKLOAD)

demo: setup  ## the whole loop in ten minutes, told sentence by sentence: drift, labels, training, gate, trial, wrong labels; in state/demo
	@. ./env.sh && exec python -m demo

quick: setup lint  ## before each push: lint and the unit tests but the slow ones, within two minutes
	@. ./env.sh && exec python -m pytest -n 2 --dist worksteal -m "not slow" tests/unit

test: setup chromium curl lint  ## lint, then every test; what failed once more, one after another
	@. ./env.sh && python -m pytest -n 4 --dist loadfile --no-loadscope-reorder || { \
	  echo "error: tests failed. They run once more, alone; one that passes now depends on the machine's load: mend it, too" >&2; \
	  exec python -m pytest --last-failed --last-failed-no-failures none --exitfirst; }

test-machines: setup  ## what several machines share, on a real PostgreSQL and a server of S3's protocol; `make test` does without
	@.venv/bin/python -m pip install --quiet --constraint constraints.txt --group machines
	@. ./env.sh && BASE="$(BASE)" ENGINE=$(ENGINE) exec python -m pytest tests/machines

perf: setup  ## whether the endpoint or a training step has become slower since the last release; after `make run`
	@. ./env.sh && exec python -m benchmarks.perf $(ARGS)

benchmarks: setup  ## every benchmark once, on little data: whether it runs; each prints its table by `python -m benchmarks.NAME`
	@. ./env.sh && exec python -m pytest tests/benchmarks tests/integration/test_benchmarks.py

score: setup  ## the ML Test Score: which of its 28 tests are checked here, and whether they pass
	@. ./env.sh && exec python -m tests.ml_test_score --write

coverage: setup  ## the part of components and flows, by line and branch, that the unit tests run; `make coverage TESTS=tests`: all tests
	@. ./env.sh && mkdir -p state/coverage && coverage erase && coverage run -m pytest -n 2 --dist worksteal $(TESTS)
	@. ./env.sh && coverage combine --quiet && coverage report

docs: setup  ## the tables of docs/params.md, made anew from the models that read params.yaml
	@. ./env.sh && exec python -m docs.params

site: setup  ## the documentation as a site, state/site/index.html, which loads nothing from elsewhere
	@. ./env.sh && NO_MKDOCS_2_WARNING=1 exec mkdocs build --strict

lint: setup  ## style, format, types and import contracts
	@. ./env.sh && ruff check . && ruff format --check . && mypy && lint-imports

format: setup  ## mend style and format
	@. ./env.sh && ruff check --fix --quiet . && ruff format .

ui: setup  ## the MLflow UI on this project's runs and models, http://127.0.0.1:5000
	@. ./env.sh && exec mlflow server --host 127.0.0.1 --port $(PORT) --workers 1 --backend-store-uri "$$MLFLOW_TRACKING_URI"

serve: setup  ## the endpoint of the champion, http://127.0.0.1:3000
	@. ./env.sh && exec bentoml serve $(WORKLOAD):latest

edge: setup  ## the champion as a static folder that answers in a browser, state/edge/WORKLOAD
	@. ./env.sh && exec python -m flows.edge $(WORKLOAD)

plan: setup  ## what both phases will cost: make plan PLAN="--requests 50/s --peak 4 --p99 20ms --retrain weekly"
	@. ./env.sh && exec python -m flows.plan $(WORKLOAD) $(PLAN)

label: setup  ## the page that asks what answers should have been, http://127.0.0.1:3100/label
	@. ./env.sh && exec python -m flows.label $(WORKLOAD) --serve

image: setup  ## the endpoint as an image, to run read-only as nobody: make image BASE=python:3.11-slim@sha256:… (ENGINE=docker)
	@. ./env.sh && exec sh deploy/image.sh endpoint $(WORKLOAD) "$(BASE)" $(ENGINE)

image-project: setup  ## the project as an image, for jobs that train, score or run flows; BASE as of `make image`
	@. ./env.sh && exec sh deploy/image.sh project $(WORKLOAD) "$(BASE)" $(ENGINE)

sbom: setup  ## what is in the endpoint and in the project, CycloneDX, state/sbom
	@. ./env.sh && exec sh deploy/sbom.sh sbom

audit: setup  ## which packages of the endpoint have known vulnerabilities; asks pypi.org
	@. ./env.sh && exec sh deploy/sbom.sh audit

lock:  ## solve pyproject.toml anew and pin what comes out in constraints.txt
	$(or $(PYTHON),python3) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet --upgrade pip
	.venv/lock/bin/python -m pip install --quiet --progress-bar on --group dev --group machines --group sbom
	{ echo "# Every package of the tested environment, exactly. Made by: make lock"; \
	  .venv/lock/bin/python -m pip freeze --all | sed 's/+cpu//' | sort -f; } > constraints.txt
	rm -rf .venv/lock

clean:  ## forget what local runs wrote: MLflow, Prefect and Bento stores. Data and models stay in DVC's cache
	rm -rf state

chromium: setup
	@sh install/chromium.sh

curl:
	@command -v curl >/dev/null || sh install/apt.sh curl || { echo "error: curl is missing, which the tests need: install it" >&2; exit 1; }

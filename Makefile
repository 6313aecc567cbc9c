# One vocabulary: these words are used by README, CI and people alike.
PYTHON ?=
WORKLOAD ?= garments
PORT ?= 5000
TESTS ?= tests/unit

.PHONY: help setup chromium curl run check demo quick test benchmarks score coverage docs site lint format ui serve label lock clean
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup:  ## install everything into .venv
	@sh install/venv.sh $(PYTHON)

run: setup  ## raw data -> prepared -> trained -> evaluated -> registered -> Bento -> served and asked
	@. ./env.sh && exec python -m flows.train $(WORKLOAD)

check: setup  ## show what would be read, split and trained
	@. ./env.sh && exec python -m flows.check $(WORKLOAD)

demo: setup  ## the whole loop in ten minutes, told sentence by sentence: drift, labels, training, trial, swap, poison; in state/demo
	@. ./env.sh && exec python -m demo


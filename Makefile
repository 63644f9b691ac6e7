# Two commands do everything on a fresh Debian or Ubuntu with Python 3.11 or newer:
#   make run    set up, then run the wizard (terminal without a display; unattended without a terminal)
#   make test   set up, then test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
DEV_STAMP := $(VENV)/.set-up-dev

# The torch that the end-to-end tests start from, and how they run: a file stays on one processor, the longest files first.
TEST_TORCH = $(BIN)/setupwizard apply --yes --cpu --source pip-config --quiet --env build/test-torch </dev/null
END2END = SETUPWIZARD_TORCH_PYTHON="$$(ls $(CURDIR)/build/test-torch/current/bin/python 2>/dev/null)" $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/end2end

.DEFAULT_GOAL := help

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 22

$(STAMP): pyproject.toml scripts/set_up.sh
	scripts/set_up.sh "$(PYTHON)" $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(DEV_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

run: $(STAMP) ## set everything up and run the wizard
	scripts/run.sh $(BIN)

check: $(DEV_STAMP) ## lint, types, layers, unit tests: the answer within three minutes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --no-warn-unreachable
	$(BIN)/lint-imports
	$(BIN)/python scripts/translations.py --check
	$(BIN)/python scripts/schemas.py --check
	$(BIN)/python scripts/layers_picture.py --check
	$(BIN)/python -m pytest -q -n 2 tests/unit

test: $(DEV_STAMP) ## everything that fits in forty minutes, the slow suites trimmed
	scripts/set_up_tests.sh
	$(MAKE) check
	$(BIN)/python -m pytest -q -n 2 tests/gui
	-$(TEST_TORCH)
	$(END2END) -m "not full"
	$(MAKE) -j 2 -O -k test-windows-short test-faults-short test-fleet-short
	packaging/test.sh $(BIN)/python quick

test-end2end: $(DEV_STAMP) ## the program as a user runs it, with the tests for which make test has no time
	scripts/set_up_tests.sh
	-$(TEST_TORCH)
	$(END2END)
	SETUPWIZARD_BUSY=full $(BIN)/python -m pytest -q tests/end2end/test_window_keys_alone.py

test-faults-short: $(DEV_STAMP) ## the part of the fault and kill tests for each change
	$(BIN)/python -m pytest -q -n 2 tests/faults

test-faults: $(DEV_STAMP) ## the fault and kill tests in full
	SETUPWIZARD_FAULTS=full $(BIN)/python -m pytest -q -n 2 tests/faults/test_matrix.py
	SETUPWIZARD_FAULTS=full SETUPWIZARD_TRIALS=200 $(BIN)/python -m pytest -q tests/faults --ignore tests/faults/test_matrix.py --timeout 3600

coverage: $(DEV_STAMP) ## branches of the core that the tests reach, by file, and what is not reached (docs/tests.md)
	scripts/set_up_tests.sh
	-$(TEST_TORCH)
	scripts/coverage.sh $(BIN)/python

audit: $(DEV_STAMP) ## known weaknesses of what is installed, and what is not the newest; needs an index that knows them
	scripts/audit.sh $(BIN)/python

test-layout: $(DEV_STAMP) ## every page in both languages and a long one, both themes, three sizes of text
	SETUPWIZARD_LAYOUT=full $(BIN)/python -m pytest -q -n 2 tests/gui/test_layout.py

test-cuda-wheel: $(DEV_STAMP) ## install the CUDA build of torch where pip here can get it (several GB), compare it, ask for its proof
	mkdir -p build
	$(BIN)/python scripts/cuda_wheel.py

test-windows-short: $(DEV_STAMP) ## the part of the Windows lane for each change: four minutes, two more for the lab
	packaging/lab/lane.sh $(BIN)/python short

test-windows: $(DEV_STAMP) ## build the Windows lab (Wine) if it is not there, and run the tests in Windows Python
	packaging/lab/lane.sh $(BIN)/python

test-packages: $(DEV_STAMP) ## build the packages and the Windows lab, and try every package (docs/packages.md)
	scripts/set_up_tests.sh
	packaging/test.sh $(BIN)/python

release: $(DEV_STAMP) ## the packages of a release into dist, after and before what has to be true (docs/packages.md)
	packaging/release.sh $(BIN)/python

package-linux: $(DEV_STAMP) ## the wheel, the folder as .tar.xz, and the .deb, into dist (docs/packages.md)
	packaging/linux/build.sh $(BIN)/python

package-windows: $(DEV_STAMP) ## on Linux: installer, MSI and portable zip for Windows, into dist (docs/packages.md)
	packaging/windows/build.sh $(BIN)/python

test-fleet-short: $(DEV_STAMP) ## the part of the fleet's tests for each change (root)
	scripts/set_up_fleet.sh $(BIN)/python build/ansible
	$(BIN)/python -m pytest -q tests/fleet

test-fleet: $(DEV_STAMP) ## a lab of thirty simulated computers, by real Ansible over real ssh (root)
	scripts/set_up_fleet.sh $(BIN)/python build/ansible
	SETUPWIZARD_FLEET=full $(BIN)/python -m pytest -q tests/fleet --timeout 3600

benchmark: $(DEV_STAMP) ## the wizard's apply beside bare uv and pip, side by side in one run
	$(BIN)/python benchmarks/install.py

benchmark-decision: $(DEV_STAMP) ## how long a decision takes, for every machine of the table
	$(BIN)/python benchmarks/decision.py

benchmark-window: $(DEV_STAMP) ## the first window beside a bare one, and the worst gap in a flood of lines
	$(BIN)/python benchmarks/window.py

benchmark-package: $(DEV_STAMP) ## the first window of the packaged programs beside a bare one (after package-linux, package-windows)
	$(BIN)/python benchmarks/package.py

benchmark-detect: $(DEV_STAMP) ## detection beside nvidia-smi alone: where it answers, fails and hangs
	$(BIN)/python benchmarks/detect.py

benchmark-verify: $(DEV_STAMP) ## our figure beside torch.utils.benchmark in 20 pairs, and what the parent costs
	$(BIN)/python benchmarks/verify.py

benchmark-lab: $(DEV_STAMP) ## what a play costs with 1, 10 and 30 simulated computers (root)
	scripts/set_up_fleet.sh $(BIN)/python build/ansible
	$(BIN)/python benchmarks/lab_play.py

benchmark-collect: $(DEV_STAMP) ## how long the reports of 1000 computers take to become one page
	$(BIN)/python benchmarks/collect.py

screenshots: $(DEV_STAMP) ## every page, state and error card in both languages and themes, into build/screenshots
	QT_QPA_PLATFORM=offscreen $(BIN)/python scripts/screenshots.py

refresh-data: $(DEV_STAMP) ## rebuild resources/catalogue.json from its sources, where they can be reached
	$(BIN)/python scripts/refresh_data.py

translations: $(DEV_STAMP) ## collect the texts and compile the catalogues
	$(BIN)/python scripts/translations.py

schemas: $(DEV_STAMP) ## write the JSON Schemas of the documents
	$(BIN)/python scripts/schemas.py

format: $(DEV_STAMP) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what was built here
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# Every command of the list above is one; none is a file.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))

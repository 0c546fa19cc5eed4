# The commands of a working day. `make help` lists them; what each needs is checked first, by tests/setup.sh.

TOOLS := $(CURDIR)/target/tools
CARGO_DENY := $(TOOLS)/bin/cargo-deny
CARGO_MACHETE := $(TOOLS)/bin/cargo-machete

# What tests of crashes need in the program, and no release can have.
FAULTS := envoi-tests/faults

# A debug build of the GraphQL library needs more stack than the 2 MiB a test thread gets.
export RUST_MIN_STACK ?= 8388608

.DEFAULT_GOAL := help
.PHONY: help setup run test torture fmt lint deny schema clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup: ## install what the tests need and is missing (Node.js, Chromium, PostgreSQL, Kannel, curl, cargo-deny, cargo-machete)
	@tests/setup.sh test $(TOOLS)

run: ## build, then serve the demo on SQLite, in data/envoi.db
	@tests/setup.sh build
	cargo run --locked --bin envoi -- serve --demo

test: setup ## everything: format, lints, dependencies, all tests on SQLite and on a PostgreSQL of its own
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --package envoi-api --lib --features faults -- -D warnings
	@$(MAKE) --no-print-directory deny
	tests/with-postgres.sh cargo test --locked --workspace --features $(FAULTS)

torture: setup ## the fault programme at its full figures, for MINUTES (60) at most; it goes on from what is done, in target/torture
	tests/torture.sh $(FAULTS)

fmt: ## format the code
	cargo fmt --all

lint: ## clippy, with warnings as errors
	cargo clippy --locked --workspace --all-targets -- -D warnings

deny: setup ## judge the dependencies: bans, licences, sources, unused ones
	$(CARGO_DENY) --log-level error --locked check --hide-inclusion-graph bans licenses sources
	$(CARGO_MACHETE)

schema: ## write schema.graphql anew
	@mkdir -p target
	cargo run --locked --bin envoi -- schema > target/schema.graphql
	mv target/schema.graphql schema.graphql

clean: ## remove what was built; the demo's database stays
	cargo clean

# What is checked before a change lands. `make test` brings a bare Debian 12
# with Rust to green: it installs what is missing when it may, and otherwise
# says what to install.

# The debug mode is switched by the tests themselves.
unexport VENTIX_DEBUG

# Nothing is built twice here, so what would speed that up is only disk.
export CARGO_INCREMENTAL = 0

FEATURE_SETS = --no-default-features "" --all-features
FEATURES := $(shell sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z0-9_-]*\) *=.*/\1/p' Cargo.toml)
EXAMPLES := $(basename $(notdir $(wildcard examples/*.rs)))
PACKAGE_LOG := /var/log/dpkg.log

.PHONY: test setup format lint units docs features examples benches bench peers remote-peers peers-check instructions primitives

PEERS := --manifest-path benches/peers/Cargo.toml

test: setup format lint units docs features examples benches
	@echo "make test: everything passed"

setup:
	sh .ci/setup

format:
	cargo fmt --check

lint:
	cargo clippy --all-targets --all-features -- -D warnings
	cargo clippy --all-targets --no-default-features -- -D warnings

# Tests and doctests: without features, with the default ones, with all.
units:
	for set in $(FEATURE_SETS); do cargo test $$set || exit 1; done

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features

features:
	for f in $(FEATURES); do \
		cargo clippy --no-default-features --features $$f -- -D warnings || exit 1; \
	done

# Every example runs to its end; the one that reads the machine's package log
# gets a line of its own where there is none.
examples:
	cargo build --examples --all-features
	for e in $(EXAMPLES); do \
		echo "example $$e"; \
		timeout 120 cargo run --quiet --all-features --example $$e </dev/null || exit 1; \
	done
	cargo build --examples --no-default-features --features sqlite --example remote
	folder=$$(mktemp -d) && echo "example remote, with a file" && \
		timeout 120 cargo run --quiet --no-default-features --features sqlite \
			--example remote -- "sqlite:$$folder/orders.db"; \
		status=$$?; rm -rf "$$folder"; exit $$status
	if [ -r $(PACKAGE_LOG) ]; then \
		timeout 120 cargo run --quiet --example log_watch; \
	else \
		echo '2026-01-01 00:00:00 startup archives unpack' | \
			timeout 120 cargo run --quiet --example log_watch -- -; \
	fi

benches:
	cargo bench --no-run --all-features

# The benches of criterion. The figures in the README are those of `make peers`.
bench:
	cargo bench --bench emit

# ventix beside what a user would pick instead: a table of what a delivery costs, and
# of what was missed. QUICK=1 takes under two minutes, builds aside; JSON=1 is for
# programs.
peers:
	@cargo build --release $(PEERS) --bin peers --bin memory
	@cargo run --release --quiet $(PEERS) -- $(if $(QUICK),--quick) $(if $(JSON),--json)

# What leaves the process: ventix with Redis and SQLite beside redis-benchmark, apalis-redis,
# and Pyventus with RQ, which it installs beside itself. It starts its own servers. Under five
# minutes, builds aside; JSON=1 is for programs.
remote-peers:
	@cargo build --release $(PEERS) --features remote --bin remote
	@cargo run --release --quiet $(PEERS) --features remote --bin remote -- $(if $(JSON),--json)

# How many instructions an emission takes, counted by callgrind: a table to compare with
# the one in benches/instructions.md. Built on its own, since valgrind offers no vdso as
# rustix reads it.
instructions:
	@RUSTFLAGS="--cfg rustix_use_libc" cargo run --release --quiet $(PEERS) --bin instructions \
		--target-dir benches/peers/target/instructions

# What atomics, locks, allocations and clocks cost on this machine.
primitives:
	@cargo run --release --quiet $(PEERS) --bin primitives

# Not part of `make test`: it builds what ventix itself never needs.
peers-check:
	cargo fmt --check $(PEERS)
	cargo clippy --all-targets --all-features $(PEERS) -- -D warnings
	cargo test $(PEERS)

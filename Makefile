# What is checked before a change lands. `make test` brings a bare Debian 12
# with Rust to green: it installs what is missing when it may, and otherwise
# says what to install.

# The debug mode is switched by the tests themselves.
unexport VENTIX_DEBUG

FEATURE_SETS = --no-default-features "" --all-features
FEATURES := $(shell sed -n '/^\[features\]/,/^\[/s/^\([a-z][a-z0-9_-]*\) *=.*/\1/p' Cargo.toml)
EXAMPLES := $(basename $(notdir $(wildcard examples/*.rs)))
PACKAGE_LOG := /var/log/dpkg.log

.PHONY: test setup format lint units docs features examples benches bench

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
	if [ -r $(PACKAGE_LOG) ]; then \
		timeout 120 cargo run --quiet --example log_watch; \
	else \
		echo '2026-01-01 00:00:00 startup archives unpack' | \
			timeout 120 cargo run --quiet --example log_watch -- -; \
	fi

benches:
	cargo bench --no-run --all-features

# The figures in the README.
bench:
	cargo bench --bench emit
	cargo bench --bench type_table

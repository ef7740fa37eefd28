#!/usr/bin/env bash
# Runs every test. Installs what is missing (a C compiler for SQLite, cargo-nextest).
#   scripts/test.sh            everything
#   scripts/test.sh FILTER…    what cargo-nextest's filter matches
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v curl >/dev/null || missing+=(curl)
if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
fi
command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest

# The end-to-end tests start the built binary.
cargo build --workspace --features botgen/cli
cargo nextest run --workspace --features botgen/cli --no-fail-fast "$@"
if [ "$#" = 0 ]; then
    cargo test --workspace --features botgen/cli --doc
    scripts/smoke-test.sh
fi

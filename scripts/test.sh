#!/usr/bin/env bash
# Runs every test. Installs what is missing (a C compiler for SQLite, the programs of Postgres, Redis and Prometheus, cargo-nextest).
#   scripts/test.sh            everything
#   scripts/test.sh FILTER…    what cargo-nextest's filter matches
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v curl >/dev/null || missing+=(curl)
# Only the programs: every test starts servers of its own.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v openssl >/dev/null || missing+=(openssl) # makes certificates of tests
command -v redis-server >/dev/null || missing+=(redis-server)
command -v promtool >/dev/null || missing+=(prometheus) # tests the alert rules
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv) # for schemathesis
if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
fi
command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest

features=botgen/cli,botfactory/postgres,botfactory/faults,good-bots/postgres
# The end-to-end tests start the built binary.
cargo build --workspace --features "$features"
cargo nextest run --workspace --features "$features" --no-fail-fast "$@"
if [ "$#" = 0 ]; then
    # The conversations of the bots once more, on the other engine.
    CHATS_ENGINE=postgres cargo nextest run --workspace --features "$features" --no-fail-fast -E '(package(botfactory) + package(good-bots)) & kind(lib)'
    cargo test --workspace --features "$features" --doc
    target/debug/botgen prepare --check bots botgen/tests/good/*
    target/debug/botgen check bots --engine all
    target/debug/botgen postgres stop
    scripts/smoke-test.sh
    scripts/api.sh
fi

#!/usr/bin/env bash
# The hostile tests at length, with figures: hundreds of thousands of bodies, every field of every update, slow peers to the end.
#   scripts/hostile.sh [FILTER…]   a filter of cargo-nextest's names some of them
set -euo pipefail
cd "$(dirname "$0")/.."
features=botgen/cli,botfactory/postgres,good-bots/postgres
cargo build --workspace --features "$features"
HOSTILE_LONG=1 cargo nextest run -p botfactory --features botfactory/postgres --test hostile --no-fail-fast --success-output final "$@"

#!/usr/bin/env bash
# Builds the static binary dist/botfactory (BOTFACTORY_BOTS=booking,… picks the bots, FEATURES=postgres adds that engine).
# crt-static needs an explicit --target: else proc-macros would be linked statically too, which fails.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$(uname -m)-unknown-linux-gnu"
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" cargo build --release --locked --target "$target" -p botfactory --features "${FEATURES:-}"
mkdir -p dist
cp "target/$target/release/botfactory" dist/botfactory
ls -l dist/botfactory

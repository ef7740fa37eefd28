#!/usr/bin/env bash
# What the engine promises, shown at length (CI runs the short form with all tests): half an hour and more,
# on a machine that does nothing else meanwhile.
#   scripts/proof.sh [kill|two|chaos|overload|soak|timers]…    everything when nothing is named
set -euo pipefail
cd "$(dirname "$0")/.."
features=botgen/cli,botfactory/postgres,botfactory/faults,good-bots/postgres
cargo build --workspace --features "$features"
failed=0
for what in "${@:-}"; do
    PROOF_LONG=1 cargo nextest run --workspace --features "$features" --no-fail-fast --no-capture \
        -E "binary(proof) & test(/^$what/)" 2>&1 | grep -vE '^warning|^test result|^running' || failed=1
done
exit "$failed"

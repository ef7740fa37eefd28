#!/usr/bin/env bash
# Imports old specs, checks the bots for both engines, builds them, holds their conversations (every command, every
# button), and lets people walk through them, on SQLite and on Postgres.
#   scripts/imported.sh [FOLDER]    FOLDER/*.json, with the texts of NAME's keys in NAME.keys or NAME.keys.json;
#                                   otherwise SEED_SPECS, otherwise the specs of this repository
set -euo pipefail
specs=$(realpath "${1:-${SEED_SPECS:-$(dirname "$0")/../botgen/tests/import}}")
cd "$(dirname "$0")/.."
out=$PWD/target/imported
rm -rf "$out"
mkdir -p "$out/bots" "$out/alone"

cargo build -q -p botgen --features cli
botgen=target/debug/botgen
failed=0
for spec in "$specs"/*.json; do
    case $spec in *.keys.json) continue ;; esac
    name=$(basename "$spec" .json)
    keys=()
    for file in "${spec%.json}.keys" "${spec%.json}.keys.json"; do
        [ ! -f "$file" ] || keys+=(--keys "$file")
    done
    # Alone, as whoever has only this spec.
    mkdir "$out/alone/$name"
    $botgen import "$spec" "${keys[@]}" --engine all --out "$out/alone/$name/$name" >/dev/null
    $botgen check --engine postgres "$out/alone/$name/$name" 2>&1 | grep -E '^error' && failed=1
    # Beside the others, in one deployment.
    $botgen import "$spec" "${keys[@]}" --engine all --out "$out/bots/$name" >"$out/$name.txt" || failed=1
    tail -2 "$out/$name.txt" | head -1
    grep 'the check says' "$out/$name.txt" || true
done
$botgen check --engine all "$out/bots" 2>&1 | grep -vE '^warning: ' | grep -E '^error|errors?$' || true
$botgen prepare "$out/bots" >/dev/null
# A process for each test: what they count is counted per process.
WALKED_BOTS=$out/bots WALKED_UPDATES=${WALKED_UPDATES:-1500} CHATS_ENGINE=${CHATS_ENGINE:-sqlite} \
    cargo nextest run -p good-bots --features postgres --no-fail-fast >"$out/test.txt" 2>&1 || failed=1
grep -E 'FAIL|panicked|^error|Summary' "$out/test.txt" || true
exit $failed

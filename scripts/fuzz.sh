#!/usr/bin/env bash
# Fuzzes the compiler and what it shares with the runtime (botgen/fuzz). Installs cargo-fuzz if it is missing.
#   scripts/fuzz.sh [SECONDS] [TARGET…]   each target for so long (default 60), all targets
#   scripts/fuzz.sh small                 replaces the corpus by its smallest part with the same coverage
# What was found stands in botgen/fuzz/artifacts/TARGET; the corpus grows in botgen/fuzz/grown/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

seconds=${1:-60}
[ "$#" -eq 0 ] || shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(yaml template expression fluent sql slots front import markup values)
# Most files of a target's committed corpus.
files=40

# The standard of stable Rust does for fuzzing what nightly's does; no sanitizer, for nothing here is unsafe.
(cd botgen/fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz build -s none)
binaries=$root/botgen/fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
seeds=$root/botgen/fuzz/seeds
FUZZ_SEEDS=$seeds cargo nextest run -p botgen --features cli -E 'binary(fuzz) & test(=seeds)' >/dev/null

failed=0
for target in "${targets[@]}"; do
    cd "$root/botgen/fuzz"
    mkdir -p "grown/$target" "artifacts/$target" "corpus/$target"
    if [ "$seconds" = small ]; then
        mkdir -p "grown/small-$target"
        rm -f "grown/small-$target"/*
        "$binaries/$target" -merge=1 -max_len=2048 "grown/small-$target" "corpus/$target" "grown/$target"
        rm -f "corpus/$target"/*
        # Some of every size.
        step=$((($(find "grown/small-$target" -type f | wc -l) + files - 1) / files))
        while read -r file; do
            cp "$file" "corpus/$target/"
        done < <(find "grown/small-$target" -type f -printf '%s %p\n' | sort -n | awk -v step="$step" 'NR % step == 0 { print $2 }')
        continue
    fi
    echo "== $target: $seconds s"
    nice -n 19 "$binaries/$target" "grown/$target" "corpus/$target" "$seeds/$target" \
        -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -max_total_time="$seconds" \
        -timeout=25 -rss_limit_mb=1500 -max_len=8192 -dict=dict/language.dict \
        -artifact_prefix="artifacts/$target/" 2>&1 | tail -n 3
    if [ -n "$(ls -A "artifacts/$target")" ]; then
        echo "found: $(ls "artifacts/$target")"
        failed=1
    fi
done
exit "$failed"

#!/usr/bin/env bash
# Fuzzes with coverage: the compiler and what it shares with the runtime (botgen/fuzz), and the built bots (fuzz): updates,
# whole turns, the routes of operators. Installs cargo-fuzz if it is missing.
#   scripts/fuzz.sh [SECONDS] [TARGET…]   each target for so long (default 60), all targets
#   scripts/fuzz.sh small [TARGET…]       replaces the corpus by its smallest part with the same coverage
# What was found stands in CRATE/artifacts/TARGET; the corpus grows in CRATE/grown/TARGET. Not a part of CI: an instrumented
# build takes minutes, and the short runs among the tests (botgen/tests/fuzz.rs, runtime-core/tests/fuzz.rs, tests/hostile)
# play the same without.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

compiler=(yaml template expression fluent sql slots front import markup values)
runtime=(update turn api)
seconds=${1:-60}
[ "$#" -eq 0 ] || shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=("${compiler[@]}" "${runtime[@]}")
# Most files of a target's committed corpus.
files=40

crate_of() { case " ${runtime[*]} " in *" $1 "*) echo fuzz ;; *) echo botgen/fuzz ;; esac; }

host=$(rustc -vV | sed -n 's/^host: //p')
for crate in $(for target in "${targets[@]}"; do crate_of "$target"; done | sort -u); do
    # The standard of stable Rust does for fuzzing what nightly's does; no sanitizer, for nothing here is unsafe.
    (cd "$crate" && RUSTC_BOOTSTRAP=1 cargo fuzz build -s none)
    if [ "$crate" = fuzz ]; then
        python3 fuzz/seeds.py fuzz/seeds
    else
        FUZZ_SEEDS=$root/$crate/seeds cargo nextest run -p botgen --features cli -E 'binary(fuzz) & test(=seeds)' >/dev/null
    fi
done

# Databases of the targets that need one: in memory where the system has such a folder.
scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

failed=0
for target in "${targets[@]}"; do
    crate=$root/$(crate_of "$target")
    binary=$crate/target/$host/release/$target
    dictionary=$root/$(crate_of "$target")/dict
    dictionary=$(find "$dictionary" -name '*.dict' | head -n 1)
    cd "$crate"
    mkdir -p "grown/$target" "artifacts/$target" "corpus/$target"
    if [ "$seconds" = small ]; then
        mkdir -p "grown/small-$target"
        rm -f "grown/small-$target"/*
        "$binary" -merge=1 -max_len=2048 "grown/small-$target" "corpus/$target" "grown/$target"
        rm -f "corpus/$target"/*
        # Some of every size.
        step=$((($(find "grown/small-$target" -type f | wc -l) + files - 1) / files))
        while read -r file; do
            cp "$file" "corpus/$target/"
        done < <(find "grown/small-$target" -type f -printf '%s %p\n' | sort -n | awk -v step="$step" 'NR % step == 0 { print $2 }')
        continue
    fi
    echo "== $target: $seconds s"
    nice -n 19 "$binary" "grown/$target" "corpus/$target" "seeds/$target" \
        -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 -max_total_time="$seconds" \
        -timeout=25 -rss_limit_mb=1500 -max_len=8192 -dict="$dictionary" \
        -artifact_prefix="artifacts/$target/" 2>&1 | tail -n 3
    if [ -n "$(ls -A "artifacts/$target")" ]; then
        echo "found: $(ls "artifacts/$target")"
        failed=1
    fi
done
exit "$failed"

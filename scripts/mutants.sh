#!/usr/bin/env bash
# No false OK, first measure: makes mutants of the example bots, builds those that `check` accepts, and lets people walk
# through them.
#   scripts/mutants.sh           2200 mutants; 15 survivors in one binary
#   scripts/mutants.sh --long    5000 mutants; 150 survivors in ten binaries; writes the figures of docs/no-false-ok.md
set -euo pipefail
cd "$(dirname "$0")/.."

mutants=2200 survivors=15 updates=1500
if [ "${1:-}" = --long ]; then mutants=5000 survivors=150 updates=3000; fi
out=$PWD/target/mutants
rm -rf "$out"

MUTANTS=$mutants SURVIVORS=$survivors MUTANTS_OUT=$out \
    cargo test -p botgen --features cli --test mutants -- --nocapture

failed=0
for deployment in "$out"/deployments/*; do
    log=$out/walk-$(basename "$deployment").txt
    # Built as a deployment builds its bots: by the build script, with rustc's and sqlx's own checks.
    if ! WALKED_BOTS=$deployment WALKED_UPDATES=$updates \
        cargo test -p good-bots --test walk -- --nocapture >"$log" 2>&1; then
        failed=1
    fi
    grep -E '^walked:|^error' "$log" || true
done

# One line for all binaries.
awk '/^walked:/ { bots += $2; failed += $4; gsub(/[,}]/, "")
        for (i = 1; i <= NF; i++) if ($i ~ /:$/ && $i != "walked:") sum[$i] += $(i + 1) }
    END { printf "%d bots built, %d failed; %d updates, %d messages, %d presses, %d steps answered, %d answers refused, %d dialogues finished\n",
        bots, failed, sum["updates:"], sum["messages:"], sum["presses:"], sum["steps:"], sum["refused:"], sum["finished:"] }' \
    "$out"/walk-*.txt | tee "$out/walked.txt"

if [ "${1:-}" = --long ] && [ "$failed" = 0 ]; then
    page=docs/no-false-ok.md
    awk -v table="$out/operators.md" -v walked="$out/walked.txt" '
        /<!-- figures -->/ { print; print ""; while ((getline line < table) > 0) print line; print ""
            while ((getline line < walked) > 0) print line; print ""; skip = 1; next }
        /<!-- end of figures -->/ { skip = 0 }
        !skip' "$page" >"$out/page.md"
    cp "$out/page.md" "$page"
fi
exit "$failed"

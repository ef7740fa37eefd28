#!/usr/bin/env bash
# Asks a running deployment the questions that must have an answer, and looks at the answers.
#   scripts/smoke-test.sh              builds and starts one on a free port with an empty database
#   scripts/smoke-test.sh http://…     asks that one (on loopback, or with its BOTFACTORY_ADMIN_TOKEN in the environment)
set -euo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 pid="" dir=""
cleanup() {
    if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
    if [ -n "$dir" ]; then rm -rf "$dir"; fi
}
trap cleanup EXIT

if [ "$#" -gt 0 ]; then
    base=$1
else
    cargo build -q
    binary=$PWD/target/debug/botfactory
    dir=$(mktemp -d)
    : >"$dir/log"
    # In a folder and an environment of its own: no `.env`, no token, no data of this machine. Port 0: a free one.
    (cd "$dir" && exec env -i PATH="$PATH" BOTFACTORY_LISTEN=127.0.0.1:0 "$binary" serve >"$dir/log" 2>&1) &
    pid=$!
    base=""
    for _ in $(seq 200); do
        base=$(sed -n 's|^Talk to them: \(http://[^/]*\)/$|\1|p' "$dir/log")
        [ -n "$base" ] && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    [ -n "$base" ] || { cat "$dir/log"; echo "it does not start"; exit 1; }
fi

# check NAME STATUS NEEDLE CURL-ARGUMENTS…
check() {
    local name=$1 status=$2 needle=$3 got
    shift 3
    local token=()
    if [ -n "${BOTFACTORY_ADMIN_TOKEN:-}" ]; then token=(-H "Authorization: Bearer $BOTFACTORY_ADMIN_TOKEN"); fi
    got=$(curl -s -m 10 "${token[@]}" -w '\n%{http_code}' "$@") || got=$'\n000'
    if [ "${got##*$'\n'}" = "$status" ] && [[ "${got%$'\n'*}" == *"$needle"* ]]; then
        passed=$((passed + 1)); echo "ok    $name"
    else
        failed=$((failed + 1)); echo "FAIL  $name: wanted $status with \`$needle\`, got: $got"
    fi
}
preview() { # NAME NEEDLE JSON
    check "$1" 200 "$2" -H 'content-type: application/json' -d "$3" "$base/preview/send"
}

check health 200 '{"ok":true}' "$base/health"
check health/db 200 '"db_ok":true' "$base/health/db"
check metrics 200 'bot_updates_total' "$base/metrics"
check bots 200 '"booking"' "$base/bots"
check bot 200 '"booking"' "$base/bots/booking"
check page 200 '<!doctype html' "$base/"
preview start '"buttons"' '{"bot_id":"booking","text":"/start","locale":"en"}'
preview help '/book' '{"bot_id":"booking","text":"/help","locale":"ru"}'
preview my '"bot_reply"' '{"bot_id":"booking","text":"/my"}'
preview book '"buttons"' '{"bot_id":"booking","text":"/book"}'
preview survey '"buttons"' '{"bot_id":"survey","text":"/start"}'
check 'preview of an unknown bot' 404 '"error"' -H 'content-type: application/json' -d '{"bot_id":"nobody","text":"/start"}' "$base/preview/send"
check 'webhook of an unknown bot' 404 '"error"' -H 'content-type: application/json' -d '{"update_id":1}' "$base/tg/nobody"
check 'admin from elsewhere' 403 '"error"' -H 'host: bots.example.org' "$base/bots"
check 'unknown route' 404 '"error"' "$base/nothing"
check 'wrong method' 405 '"error"' -X POST "$base/bots"
check reload 200 '"reloaded":true' -X POST "$base/bots/booking/reload"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

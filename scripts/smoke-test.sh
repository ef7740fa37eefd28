#!/usr/bin/env bash
# Asks a running deployment the questions that must have an answer, and looks at the answers.
#   scripts/smoke-test.sh              builds and starts one on a free port with an empty database
#   scripts/smoke-test.sh http://…     asks that one (it must answer on loopback)
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
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo 18080)
    base=http://127.0.0.1:$port
    dir=$(mktemp -d)
    env -u BOTFACTORY_ADMIN_TOKEN BOTFACTORY_LISTEN="127.0.0.1:$port" DATABASE_URL="sqlite://$dir/smoke.db" \
        target/debug/botfactory serve >"$dir/log" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        curl -fs -o /dev/null "$base/health" 2>/dev/null && break
        kill -0 "$pid" 2>/dev/null || { cat "$dir/log"; exit 1; }
        sleep 0.1
    done
fi

# check NAME STATUS NEEDLE CURL-ARGUMENTS…
check() {
    local name=$1 status=$2 needle=$3 got
    shift 3
    got=$(curl -s -m 10 -w '\n%{http_code}' "$@") || got=$'\n000'
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
check reload 200 '"reloaded":true' -X POST "$base/bots/booking/reload"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

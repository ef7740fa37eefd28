#!/usr/bin/env bash
# Asks every route of the built binary and of `botgen serve` what their descriptions promise: schemathesis makes the requests
# from /openapi.json, good ones and bad ones, and looks at every answer. Installs schemathesis below target/ when it is absent.
#   scripts/api.sh [EXAMPLES]     examples for each route and phase [30]
set -euo pipefail
cd "$(dirname "$0")/.."
examples=${1:-30}
version=4.32.5

venv=$PWD/target/schemathesis
tool=$venv/bin/schemathesis
if ! "$tool" --version 2>/dev/null | grep -q " $version\$"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q "schemathesis==$version"
fi
cargo build -q -p botfactory
cargo build -q -p botgen --features cli

pids=() dir=$(mktemp -d)
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT

# started LOG SED-PATTERN: the address that it prints
started() {
    local base=""
    for _ in $(seq 200); do
        base=$(sed -n "$2" "$1")
        [ -n "$base" ] && break
        sleep 0.05
    done
    [ -n "$base" ] || { cat "$1" >&2; echo "it does not start" >&2; exit 1; }
    echo "$base"
}

token=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
binary=$PWD/target/debug/botfactory
# In a folder and an environment of its own. One bot has a token, and a Telegram that nobody answers at.
(cd "$dir" && exec env -i PATH="$PATH" BOTFACTORY_LISTEN=127.0.0.1:0 BOTFACTORY_ADMIN_TOKEN="$token" \
    BOTFACTORY_WEBHOOK_SECRET=0123456789abcdef BOTFACTORY_TOKEN_BOOKING=123456:AAaa_-BBbbCCccDDddEEee BOTFACTORY_TELEGRAM_API=http://127.0.0.1:9 \
    "$binary" serve >"$dir/bots.log" 2>&1) &
pids+=($!)
target/debug/botgen serve --listen 127.0.0.1:0 >"$dir/serve.log" 2>&1 &
pids+=($!)
bots=$(started "$dir/bots.log" 's|^Talk to them: \(http://[^/]*\)/$|\1|p')
serve=$(started "$dir/serve.log" 's|.*\(http://[^ ]*\) .*|\1|p')

# What the paths of a bot are filled with; the rest is made up. There is no Redis, no Postgres, no model and no Telegram here: what
# asks them says 503 or 502, as described.
cat >"$dir/schemathesis.toml" <<'T'
[parameters]
"path.id" = "booking"
"path.bot_id" = "booking"
"path.locale" = "en"
"header.x-telegram-bot-api-secret-token" = "0123456789abcdef"

[[operations]]
include-path-regex = "^/health/(pg|redis|llm)$|/webhook$"
checks.not_a_server_error.enabled = false
T
# `positive_data_acceptance`: a description cannot say which keys and texts a bot has, so a refusal (422) of what fits it is right.
run() {
    local base=$1
    shift
    (cd "$dir" && "$tool" --config-file "$dir/schemathesis.toml" run "$base/openapi.json" --phases examples,coverage,fuzzing \
        --max-examples "$examples" --seed 7 --workers 2 --request-timeout 40 --exclude-checks positive_data_acceptance \
        --exclude-deprecated --no-color "$@")
}
run "$bots" -H "Authorization: Bearer $token"
run "$serve"
# Nothing of it has taken either down.
curl -fsS "$bots/health" >/dev/null
curl -fsS "$serve/health" >/dev/null

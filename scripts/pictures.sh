#!/usr/bin/env bash
# Remakes docs/pictures/: builds the bots, serves them on a database of their own and talks to them in a browser.
# Needs node, npm and a chromium (`apt-get install chromium-headless-shell fonts-noto-color-emoji`, or CHROMIUM=…).
set -euo pipefail
cd "$(dirname "$0")/.."

chromium=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || command -v google-chrome)} || {
    echo "no chromium: apt-get install chromium-headless-shell, or set CHROMIUM" >&2
    exit 1
}
cargo build --quiet
binary=$PWD/target/debug/botfactory
home=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$home"' EXIT
npm install --silent --no-audit --no-fund --prefix "$home" playwright-core

# `.env` of this folder is not read, and no port is taken from anybody.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
(cd "$home" && BOTFACTORY_LISTEN=127.0.0.1:$port DATABASE_URL=sqlite://pictures.db exec "$binary" serve >"$home/log" 2>&1) &
server=$!
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$port/health" >/dev/null && break; sleep 0.1; done
node scripts/pictures.mjs "http://127.0.0.1:$port" docs/pictures "$home" "$chromium"

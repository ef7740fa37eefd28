.PHONY: dev test smoke check lint static

dev: ## serve every bot on http://127.0.0.1:8000
	cargo run

test: ## every test
	scripts/test.sh

smoke: ## ask a fresh deployment the questions that must have an answer
	scripts/smoke-test.sh

check: ## check the bots without building them
	cargo botgen check bots/*/

lint:
	cargo fmt --all --check
	cargo clippy --workspace --features botgen/cli,botfactory/postgres --all-targets -- -D warnings

static: ## dist/botfactory, a static binary
	scripts/build-static.sh

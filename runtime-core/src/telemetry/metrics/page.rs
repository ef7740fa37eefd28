//! `docs/metrics.md`: what is said of the metrics beside their registry.

use std::fmt::Write;

use super::{FAMILIES, Family};

/// What the old system counted, and what says the same here. An empty name: it cannot happen, and the words say why.
pub(super) const OLD: &[(&str, &str, &str)] = &[
    ("api_requests_total", "api_requests_total", ""),
    (
        "dsl_validate_errors_total",
        "text_override_changes_total",
        "`what=\"refused\"`; specs are checked by the build",
    ),
    ("bot_reload_total", "bot_reload_total", ""),
    (
        "bot_prepare_total",
        "api_requests_total",
        "`route=\"/bots/{id}/prepare\"`",
    ),
    (
        "wizard_active_total",
        "wizard_active",
        "counted in the table: it does not drift",
    ),
    ("wizard_errors_total", "wizard_errors_total", ""),
    ("bot_updates_total", "bot_updates_total", "once an update"),
    (
        "dsl_handle_latency_ms",
        "dsl_handle_latency_seconds",
        "every handler, by effect class",
    ),
    ("webhook_latency_ms", "webhook_latency_seconds", ""),
    ("bot_errors_total", "bot_errors_total", ""),
    ("wizard_flows_total", "wizard_flows_total", ""),
    ("wizard_steps_total", "wizard_steps_total", ""),
    ("wizard_completions_total", "wizard_completions_total", ""),
    (
        "sql_actions_total",
        "bot_sql_query_total",
        "and `bot_sql_exec_total`: once a statement",
    ),
    ("bot_sql_exec_total", "bot_sql_exec_total", ""),
    ("bot_sql_query_total", "bot_sql_query_total", ""),
    ("sql_action_latency_ms", "sql_latency_seconds", ""),
    (
        "dsl_action_latency_ms",
        "sql_latency_seconds",
        "and `broadcast_duration_seconds`",
    ),
    ("template_renders_total", "i18n_renders_total", ""),
    (
        "widget_calendar_renders_total",
        "widget_renders_total",
        "`widget=\"calendar\"`",
    ),
    (
        "widget_calendar_picks_total",
        "widget_picks_total",
        "`widget=\"calendar\"`",
    ),
    (
        "widget_pagination_renders_total",
        "widget_renders_total",
        "`widget=\"pagination\"`",
    ),
    (
        "widget_pagination_selects_total",
        "widget_picks_total",
        "`widget=\"pagination\"`",
    ),
    ("llm_budget_usage_total", "llm_budget_usage_total", ""),
    (
        "llm_budget_limits_hit_total",
        "llm_budget_limits_hit_total",
        "",
    ),
    (
        "llm_requests_total",
        "llm_requests_total",
        "once a question",
    ),
    ("llm_latency_ms", "llm_latency_seconds", ""),
    ("llm_errors_total", "llm_requests_total", "by `outcome`"),
    ("llm_tokens_total", "llm_tokens_total", ""),
    ("llm_cache_hits_total", "llm_cache_hits_total", ""),
    (
        "llm_json_requests_total",
        "llm_outputs_total",
        "`form=\"record\"`",
    ),
    (
        "llm_json_validation_success_total",
        "llm_outputs_total",
        "`valid=\"true\"`",
    ),
    (
        "llm_json_validation_failed_total",
        "llm_outputs_total",
        "`valid=\"false\"`",
    ),
    ("reply_sent_total", "reply_sent_total", "when it has left"),
    ("reply_failed_total", "reply_failed_total", ""),
    ("reply_latency_ms", "reply_latency_seconds", ""),
    (
        "broadcast_total",
        "broadcast_total",
        "segments are one value of `audience`",
    ),
    (
        "broadcast_sent_total",
        "broadcast_recipients_total",
        "`outcome=\"sent\"`",
    ),
    (
        "broadcast_failed_total",
        "broadcast_recipients_total",
        "`outcome=\"failed\"`",
    ),
    (
        "broadcast_duration_seconds",
        "broadcast_duration_seconds",
        "",
    ),
    ("i18n_renders_total", "i18n_renders_total", ""),
    (
        "i18n_key_miss_total",
        "text_overrides",
        "a missing key does not compile; an overridden text that no longer fits is `state=\"stale\"`",
    ),
    (
        "i18n_cache_hits_total",
        "locale_cache_total",
        "`outcome=\"hit\"`",
    ),
    (
        "i18n_cache_misses_total",
        "locale_cache_total",
        "`outcome=\"miss\"`",
    ),
    (
        "policy_ratelimit_hits_total",
        "bf_ratelimit_total",
        "`outcome=\"blocked\"`",
    ),
    (
        "policy_ratelimit_pass_total",
        "bf_ratelimit_total",
        "`outcome=\"passed\"`",
    ),
    (
        "circuit_breaker_state_changes_total",
        "circuit_breaker_state_changes_total",
        "",
    ),
    (
        "circuit_breaker_open_duration_seconds",
        "circuit_breaker_open_duration_seconds",
        "",
    ),
    ("llm_timeout_total", "llm_timeout_total", ""),
    (
        "llm_circuit_breaker_rejections_total",
        "llm_circuit_breaker_rejections_total",
        "",
    ),
];

/// What bounds a label's values: all of them in backticks, or words that say where they come from. `tests/e2e/observe` holds
/// every scrape against it.
pub(super) const LABELS: &[(&str, &str)] = &[
    ("audience", "`all`, `active`, `segment`, `people`"),
    ("bot_id", "bots of this deployment; empty: none"),
    ("cached", "`true`, `false`"),
    ("channel", "`webhook`, `polling`, `preview`"),
    (
        "class",
        "of calls to Telegram `ok`, `flood`, `unreachable`, `not_modified`, `query_too_old`, `migrated`, `unchangeable`, `bad_token`, `conflict`, `refused`, `ambiguous`, `unsent`; of calls of the model `ok`, `no_connection`, `timeout`, `broken`, `flood`, `server_error`, `refused`, `denied`, `redirect`, `unreadable`, `too_long`, `filtered`; of traffic `reply`, `bulk`",
    ),
    (
        "code",
        "codes of the runtime; of `api_requests_total`, HTTP statuses",
    ),
    ("effect", "`pure`, `read`, `state`, `write`, `slow`"),
    ("flow_cmd", "commands of the bot that begin a dialogue"),
    ("form", "`text`, `choice`, `record`"),
    ("from_state", "`closed`, `open`, `half_open`"),
    (
        "kind",
        "kinds of updates of the Bot API, `unknown` for others; of statements `query`, `exec`",
    ),
    ("limit_type", "`rate_limit`, `daily_budget`"),
    ("locale", "locales of the bot"),
    ("lock", "`conversation`, `writer`, `database`"),
    ("method", "methods of the Bot API that are used"),
    (
        "outcome",
        "of rate limits `passed`, `blocked`, `unavailable`; of jobs `answered`, `fallback`; of recipients `sent`, `failed`, `blocked`, `ambiguous`, `skipped`, `again`; of questions `ok`, `cached`, `disabled`, `limited`, `budget`, `breaker_open`, `failed`, `timeout`, `moderated`, `invalid`, `too_long`; of the cache `hit`, `miss`; of spans `sent`, `dropped`, `failed`",
    ),
    ("policy", "`resend`, `skip`"),
    ("pool", "`readers`; `handlers`, `own`, `steps`"),
    (
        "purpose",
        "`flood`, `counter`, `limit`, `cache`, `notice`, `breaker`, `llm_cache`",
    ),
    ("queue", "`events`, `writer`, `steps`"),
    (
        "reason",
        "of the webhook `unknown_bot`, `wrong_secret`, `too_large`, `malformed`, `overload`, `broken_body`; of admin routes `not_local`, `no_token`, `wrong_token`; of connections `too_many`, `too_many_of_peer`; of moments `begin`, `answers`, `late`",
    ),
    ("route", "patterns of routes, never paths; `other`"),
    ("rule", "rate limits of the bot"),
    ("sources", "hash of the compiled sources"),
    (
        "state",
        "of broadcasts `running`, `paused`, `completed`, `cancelled`; of texts `active`, `stale`",
    ),
    ("to_state", "`closed`, `open`, `half_open`"),
    ("type", "`input`, `output`"),
    ("valid", "`true`, `false`"),
    ("version", "of this program"),
    ("via", "`response`, `api`, `outbox`"),
    (
        "what",
        "of texts `set`, `reverted`, `refused`; of people `export`, `erase`; of the model `question`, `answer`",
    ),
    ("where", "parts of the runtime, channels, tasks"),
    ("why", "kinds of rules of moderation"),
    (
        "widget",
        "`calendar`, `confirm`, `multiselect`, `number`, `pagination`, `pick`, `rating`",
    ),
];

/// The page, as it should be.
pub(super) fn page() -> String {
    let mut out = String::from(
        "# Metrics\n\n`GET /metrics`: the text exposition format of Prometheus. Written by a test from the registry in\n\
         `runtime-core/src/telemetry/metrics/` (`UPDATE=1 cargo test -p runtime-core metrics`); do not edit.\n\n\
         Times are in seconds. Every label's values come out of a closed set, so that nobody can make series: a request for a bot\n\
         that is not here counts as `webhook_refused_total{reason=\"unknown_bot\"}` and makes no series of its own. The series that\n\
         alerts look at exist from the start, at zero.\n\n",
    );
    writeln!(out, "{} families:\n", FAMILIES.len()).unwrap();
    out.push_str("| metric | type | labels | counts |\n|---|---|---|---|\n");
    let mut sorted: Vec<&Family> = FAMILIES.iter().collect();
    sorted.sort_by_key(|family| family.name);
    for family in sorted {
        let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
        writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            family.name,
            family.kind,
            labels.join(" "),
            family.help.trim()
        )
        .unwrap();
    }
    out.push_str("\n## Buckets\n\nUpper bounds in seconds (`store_commit_updates`: updates). The objectives are among them.\n\n");
    let mut seen: Vec<(&[f64], Vec<&str>)> = Vec::new();
    for family in FAMILIES.iter().filter(|family| !family.buckets.is_empty()) {
        match seen.iter_mut().find(|(b, _)| *b == family.buckets) {
            Some((_, names)) => names.push(family.name),
            None => seen.push((family.buckets, vec![family.name])),
        }
    }
    for (buckets, names) in seen {
        let bounds: Vec<String> = buckets.iter().map(f64::to_string).collect();
        let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        writeln!(out, "- {}: {}", names.join(", "), bounds.join(" ")).unwrap();
    }
    out.push_str("\n## Labels\n\n| label | values |\n|---|---|\n");
    for (label, values) in LABELS {
        writeln!(out, "| `{label}` | {values} |").unwrap();
    }
    out.push_str("\n## The old system's names\n\n| there | here | |\n|---|---|---|\n");
    for (there, here, words) in OLD {
        writeln!(out, "| `{there}` | `{here}` | {words} |").unwrap();
    }
    out
}

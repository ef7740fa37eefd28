//! Series that exist from the start, at zero: a rate needs a value before the first event, and an alert on one that does
//! not exist never fires.

use super::metrics;

/// Kinds of widgets.
const WIDGETS: [&str; 7] = [
    "calendar",
    "confirm",
    "multiselect",
    "number",
    "pagination",
    "pick",
    "rating",
];

/// Makes a bot's series, at zero. `dialogues`: names of the commands that begin one; `locales`: its tags; `failures`: codes
/// of what handlers fail with.
pub fn begin(
    bot: &'static str,
    dialogues: &[&'static str],
    locales: &[&'static str],
    failures: &[&'static str],
) {
    let Some(m) = metrics() else { return };
    for channel in ["webhook", "polling", "preview"] {
        for kind in ["message", "callback_query"] {
            m.updates.with_label_values(&[bot, channel, kind]);
        }
        m.update_seconds.with_label_values(&[bot, channel]);
        m.errors.with_label_values(&[bot, channel, "busy"]);
    }
    for place in ["webhook", "commands", "polling"] {
        for class in ["bad_token", "conflict", "unsent"] {
            m.errors.with_label_values(&[bot, place, class]);
        }
    }
    for effect in ["pure", "read", "state", "write"] {
        m.handler_seconds.with_label_values(&[bot, effect]);
    }
    for flow in dialogues {
        for counters in [
            &m.wizard_flows,
            &m.wizard_steps,
            &m.wizard_completions,
            &m.wizard_timeouts,
            &m.wizard_refusals,
        ] {
            counters.with_label_values(&[bot, flow]);
        }
    }
    for via in ["response", "api", "outbox"] {
        m.replies_sent.with_label_values(&[bot, via]);
    }
    for class in ["unreachable", "refused", "ambiguous", "unsent"] {
        m.replies_failed.with_label_values(&[bot, class]);
    }
    for class in ["flood", "ambiguous", "unsent"] {
        m.outbox_retries.with_label_values(&[bot, class]);
    }
    for policy in ["resend", "skip"] {
        m.outbox_ambiguous.with_label_values(&[bot, policy]);
    }
    m.reply_seconds.with_label_values(&[bot]);
    m.wizards_active.with_label_values(&[bot]);
    for class in ["reply", "bulk"] {
        m.flood_waits.with_label_values(&[bot, class]);
    }
    m.flood_wait_seconds.with_label_values(&[bot]);
    for kind in ["query", "exec"] {
        m.sql_seconds.with_label_values(&[bot, kind]);
    }
    for code in failures {
        m.errors.with_label_values(&[bot, "handler", code]);
        m.dead_letters.with_label_values(&[bot, code]);
    }
    for code in [
        "telegram_refused",
        "telegram_token",
        "telegram_conflict",
        "telegram_unavailable",
    ] {
        m.dead_letters.with_label_values(&[bot, code]);
    }
    for widget in WIDGETS {
        m.widget_renders.with_label_values(&[bot, widget]);
        m.widget_picks.with_label_values(&[bot, widget]);
    }
    for what in ["set", "reverted", "refused"] {
        m.text_changes.with_label_values(&[bot, what]);
    }
    for state in ["active", "stale"] {
        m.text_overrides.with_label_values(&[bot, state]);
    }
    for what in ["export", "erase"] {
        m.people_handled.with_label_values(&[bot, what]);
    }
    for locale in locales {
        m.i18n_renders.with_label_values(&[bot, locale]);
    }
    for audience in ["all", "active", "segment", "people"] {
        m.broadcasts.with_label_values(&[bot, audience]);
    }
    for state in ["running", "paused", "completed", "cancelled"] {
        m.broadcast_moves.with_label_values(&[bot, state]);
    }
    for outcome in ["sent", "failed", "blocked", "ambiguous", "skipped", "again"] {
        m.broadcast_recipients.with_label_values(&[bot, outcome]);
    }
    for reason in ["begin", "answers", "late"] {
        m.broadcast_lost.with_label_values(&[bot, reason]);
    }
    m.broadcast_late.with_label_values(&[bot]);
    m.broadcast_seconds.with_label_values(&[bot]);
    m.broadcasts_running.with_label_values(&[bot]);
    m.broadcast_waiting.with_label_values(&[bot]);
    for counters in [
        &m.broadcast_holds,
        &m.duplicates,
        &m.claims,
        &m.races,
        &m.reloads,
        &m.sql_queries,
        &m.sql_execs,
        &m.unreachable,
        &m.outbox_dropped,
    ] {
        counters.with_label_values(&[bot]);
    }
}

/// Makes the series of a bot whose handlers wait for the model, at zero.
pub fn begin_jobs(bot: &'static str) {
    let Some(m) = metrics() else { return };
    m.handler_seconds.with_label_values(&[bot, "slow"]);
    for outcome in ["answered", "fallback"] {
        m.jobs.with_label_values(&[bot, outcome]);
    }
    m.job_seconds.with_label_values(&[bot]);
    m.jobs_waiting.with_label_values(&[bot]);
    m.jobs_oldest.with_label_values(&[bot]);
}

/// Makes the series that belong to no bot, at zero.
pub fn begin_process() {
    let Some(m) = metrics() else { return };
    for reason in [
        "unknown_bot",
        "wrong_secret",
        "too_large",
        "malformed",
        "overload",
        "broken_body",
    ] {
        m.refused.with_label_values(&[reason]);
    }
    for reason in ["not_local", "no_token", "wrong_token"] {
        m.admin_refused.with_label_values(&[reason]);
    }
    for reason in ["too_many", "too_many_of_peer"] {
        m.connections_refused.with_label_values(&[reason]);
    }
    for lock in ["conversation", "writer", "database"] {
        m.lock_wait.with_label_values(&[lock]);
    }
    for class in ["reply", "bulk"] {
        m.outbox_backlog.with_label_values(&[class]);
        m.outbox_oldest.with_label_values(&[class]);
    }
    for outcome in ["hit", "miss"] {
        m.locale_cache.with_label_values(&[outcome]);
    }
    for outcome in ["sent", "dropped", "failed"] {
        m.spans.with_label_values(&[outcome]);
    }
    for class in [
        "ok",
        "flood",
        "unreachable",
        "refused",
        "ambiguous",
        "unsent",
    ] {
        m.telegram_calls.with_label_values(&["sendMessage", class]);
    }
}

/// Makes the series of a bot's rate limits, at zero.
pub fn begin_limits(bot: &'static str, rules: impl Iterator<Item = &'static str>) {
    let Some(m) = metrics() else { return };
    for rule in rules {
        for outcome in ["passed", "blocked", "unavailable"] {
            m.limits.with_label_values(&[bot, rule, outcome]);
        }
    }
}

/// Makes the series of Redis, at zero; only where one is configured.
pub fn begin_redis() {
    let Some(m) = metrics() else { return };
    for purpose in [
        "flood",
        "counter",
        "limit",
        "cache",
        "notice",
        "breaker",
        "llm_cache",
    ] {
        m.redis_missed.with_label_values(&[purpose]);
    }
}

/// Makes the series of a bot's questions to the model, at zero; only where there is one. `refusals`: codes of why the
/// fallback holds.
pub fn begin_llm(bot: &'static str, refusals: impl Iterator<Item = &'static str>) {
    let Some(m) = metrics() else { return };
    for outcome in ["ok", "cached"].into_iter().chain(refusals) {
        m.llm_requests.with_label_values(&[bot, outcome]);
    }
    for cached in ["true", "false"] {
        m.llm_seconds.with_label_values(&[bot, cached]);
    }
    for kind in ["input", "output"] {
        m.llm_tokens.with_label_values(&[bot, kind]);
    }
    for form in ["text", "choice", "record"] {
        for valid in ["true", "false"] {
            m.llm_read.with_label_values(&[bot, form, valid]);
        }
    }
    for limit in ["rate_limit", "daily_budget"] {
        m.llm_limits_hit.with_label_values(&[bot, limit]);
    }
    for (from, to) in [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "open"),
        ("half_open", "closed"),
    ] {
        m.breaker_changes.with_label_values(&[bot, from, to]);
    }
    for counters in [
        &m.llm_cache_hits,
        &m.llm_timeouts,
        &m.llm_budget_usage,
        &m.breaker_refusals,
    ] {
        counters.with_label_values(&[bot]);
    }
    for class in [
        "ok",
        "no_connection",
        "timeout",
        "broken",
        "flood",
        "server_error",
    ] {
        m.llm_calls.with_label_values(&[bot, class]);
    }
    m.breaker_open.with_label_values(&[bot]);
    m.breaker_open_seconds.with_label_values(&[bot]);
    m.llm_overhead.with_label_values(&[bot]);
    m.llm_call_seconds.with_label_values(&[bot]);
}

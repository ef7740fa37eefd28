//! Every family of metrics: a help line, the field that facts use, its type, its name, its labels and its buckets. A
//! label's values come out of closed sets: names of this build (bots, commands, rules, locales) or words of the runtime.
//! Counters end in `_total`, times are in seconds and end in `_seconds`.

use prometheus::{
    Counter, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::Family;

/// Buckets for what we do ourselves: 100 µs to the deadline of an update. The objectives are among them: statements within
/// 0.1 s, updates within 0.2 s, handlers within 0.3 s; so are a handler's time, 8 s, and the deadline, 25 s.
const WORK: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0,
    2.5, 8.0, 25.0,
];
/// Buckets for what takes minutes and hours.
const HOURS: &[f64] = &[
    1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0,
];
/// Buckets for what crosses a network: 5 ms to 60 s.
/// Buckets for what crosses a network: 5 ms to 60 s; 1.5 s is the objective for the model.
const NETWORK: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 3.0, 5.0, 10.0, 30.0, 60.0,
];
/// Buckets for how long something is in a state: 1 s to an hour.
const LONG: &[f64] = &[
    1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
];
/// Buckets for group sizes.
const GROUP: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

macro_rules! metrics {
    ($(#[doc = $help:literal] $field:ident: $kind:tt $name:literal $([$($label:literal),*])? $($buckets:ident)?;)*) => {
        /// Every metric of the runtime.
        #[derive(Debug)]
        pub struct Metrics {
            pub(super) registry: Registry,
            $(#[doc = $help] pub(crate) $field: metrics!(@type $kind),)*
        }

        /// What is known of every family.
        pub const FAMILIES: &[Family] = &[$(Family {
            name: $name,
            kind: metrics!(@kind $kind),
            help: $help,
            labels: &[$($($label),*)?],
            buckets: metrics!(@bounds $($buckets)?),
        },)*];

        impl Metrics {
            pub(super) fn new() -> Result<Self, prometheus::Error> {
                let registry = Registry::new();
                Ok(Self {
                    $($field: {
                        let metric = metrics!(@new $kind, $name, $help.trim(), [$($($label),*)?], $($buckets)?)?;
                        registry.register(Box::new(metric.clone()))?;
                        metric
                    },)*
                    registry,
                })
            }
        }
    };
    (@bounds) => { &[] };
    (@bounds $buckets:ident) => { $buckets };
    (@kind counter) => { "counter" };
    (@kind counters) => { "counter" };
    (@kind gauge) => { "gauge" };
    (@kind gauges) => { "gauge" };
    (@kind number) => { "gauge" };
    (@kind seconds) => { "counter" };
    (@kind histogram) => { "histogram" };
    (@kind histograms) => { "histogram" };
    (@type counter) => { IntCounter };
    (@type counters) => { IntCounterVec };
    (@type gauge) => { IntGauge };
    (@type gauges) => { IntGaugeVec };
    (@type number) => { Gauge };
    (@type seconds) => { Counter };
    (@type histogram) => { Histogram };
    (@type histograms) => { HistogramVec };
    (@new counter, $name:literal, $help:expr, [],) => { IntCounter::new($name, $help) };
    (@new gauge, $name:literal, $help:expr, [],) => { IntGauge::new($name, $help) };
    (@new seconds, $name:literal, $help:expr, [],) => { Counter::new($name, $help) };
    (@new number, $name:literal, $help:expr, [],) => { Gauge::new($name, $help) };
    (@new counters, $name:literal, $help:expr, [$($label:literal),*],) => {
        IntCounterVec::new(Opts::new($name, $help), &[$($label),*])
    };
    (@new gauges, $name:literal, $help:expr, [$($label:literal),*],) => {
        IntGaugeVec::new(Opts::new($name, $help), &[$($label),*])
    };
    (@new histogram, $name:literal, $help:expr, [], $buckets:ident) => {
        Histogram::with_opts(HistogramOpts::new($name, $help).buckets($buckets.to_vec()))
    };
    (@new histograms, $name:literal, $help:expr, [$($label:literal),*], $buckets:ident) => {
        HistogramVec::new(HistogramOpts::new($name, $help).buckets($buckets.to_vec()), &[$($label),*])
    };
}

metrics! {
    /// Updates received, by how they came and what they are
    updates: counters "bot_updates_total" ["bot_id", "channel", "kind"];
    /// Seconds from an update's arrival to its acknowledgement
    update_seconds: histograms "webhook_latency_seconds" ["bot_id", "channel"] WORK;
    /// Seconds a handler took, without its commit
    handler_seconds: histograms "dsl_handle_latency_seconds" ["bot_id", "effect"] WORK;
    /// Errors, by where they arose and their code
    errors: counters "bot_errors_total" ["bot_id", "where", "code"];
    /// Requests refused before they became an update
    refused: counters "webhook_refused_total" ["reason"];
    /// Updates being handled right now
    in_flight: gauge "updates_in_flight";
    /// Redeliveries answered from what was stored
    duplicates: counters "bot_updates_duplicate_total" ["bot_id"];
    /// Updates given up after their last attempt
    dead_letters: counters "bot_dead_letters_total" ["bot_id", "code"];
    /// Dialogues begun
    wizard_flows: counters "wizard_flows_total" ["bot_id", "flow_cmd"];
    /// Steps answered
    wizard_steps: counters "wizard_steps_total" ["bot_id", "flow_cmd"];
    /// Dialogues finished
    wizard_completions: counters "wizard_completions_total" ["bot_id", "flow_cmd"];
    /// Dialogues moved or ended by their timer
    wizard_timeouts: counters "wizard_timeouts_total" ["bot_id", "flow_cmd"];
    /// Answers refused
    wizard_refusals: counters "wizard_errors_total" ["bot_id", "flow_cmd"];
    /// Jobs of handlers that wait for the model, by how they ended
    jobs: counters "bot_jobs_total" ["bot_id", "outcome"];
    /// Seconds from a job's commit to the end of its handler
    job_seconds: histograms "bot_job_seconds" ["bot_id"] NETWORK;
    /// Jobs that have not ended
    jobs_waiting: gauges "bot_jobs_waiting" ["bot_id"];
    /// Age of the oldest job that has not ended
    jobs_oldest: gauges "bot_jobs_oldest_seconds" ["bot_id"];
    /// Messages sent
    replies_sent: counters "reply_sent_total" ["bot_id", "via"];
    /// Messages that could not be sent
    replies_failed: counters "reply_failed_total" ["bot_id", "class"];
    /// Seconds from commit to a sent message
    reply_seconds: histograms "reply_latency_seconds" ["bot_id"] NETWORK;
    /// Sends tried again
    outbox_retries: counters "outbox_retries_total" ["bot_id", "class"];
    /// Sends of which nobody knows whether they arrived, by what was done about them
    outbox_ambiguous: counters "outbox_ambiguous_total" ["bot_id", "policy"];
    /// Rows taken over after their sender's lease ended
    outbox_taken_over: counter "outbox_taken_over_total";
    /// Chats found to be unreachable
    unreachable: counters "outbox_unreachable_total" ["bot_id"];
    /// Calls dropped because their chat is unreachable
    outbox_dropped: counters "outbox_dropped_total" ["bot_id"];
    /// Rows that this instance holds and has not sent yet
    outbox_waiting: gauge "outbox_waiting";
    /// People whose last update was written
    people_written: counter "people_written_total";
    /// Broadcasts begun, by audience
    broadcasts: counters "broadcast_total" ["bot_id", "audience"];
    /// Broadcasts that changed their state, by the new one
    broadcast_moves: counters "broadcast_state_changes_total" ["bot_id", "state"];
    /// Broadcasts that this instance sends right now
    broadcasts_running: gauges "broadcast_running" ["bot_id"];
    /// Recipients of running broadcasts for whom something is left to do
    broadcast_waiting: gauges "broadcast_waiting" ["bot_id"];
    /// Recipients of broadcasts, by what became of them
    broadcast_recipients: counters "broadcast_recipients_total" ["bot_id", "outcome"];
    /// Pauses that flood control, or a Telegram that did not answer, brought about
    broadcast_holds: counters "broadcast_holds_total" ["bot_id"];
    /// Moments of a broadcast's pace that this instance could not use, by what held it up (`begin`: the database; `answers`: Telegram; `late`: this process); the pace makes up for them
    broadcast_lost: counters "broadcast_moments_lost_total" ["bot_id", "reason"];
    /// Seconds between the moment of a call by its broadcast's pace and the call
    broadcast_late: histograms "broadcast_lag_seconds" ["bot_id"] WORK;
    /// Seconds a completed broadcast took
    broadcast_seconds: histograms "broadcast_duration_seconds" ["bot_id"] HOURS;
    /// Calls to the Bot API, by how they ended
    telegram_calls: counters "telegram_requests_total" ["method", "class"];
    /// Seconds a call to the Bot API took
    telegram_seconds: histograms "telegram_request_duration_seconds" ["method"] NETWORK;
    /// Requests to the operators' and builders' routes
    api_requests: counters "api_requests_total" ["route", "code"];
    /// Connections closed at once, because there were too many
    connections_refused: counters "http_connections_refused_total" ["reason"];
    /// Requests to admin routes that were not let in
    admin_refused: counters "admin_refused_total" ["reason"];
    /// Tasks that have panicked: mistakes of this program's
    panics: counter "panics_total";
    /// People whose data was exported or erased
    people_handled: counters "people_requests_total" ["bot_id", "what"];
    /// Seconds an operators' or builders' request took
    api_seconds: histograms "api_request_duration_seconds" ["route"] WORK;
    /// Reloads asked for
    reloads: counters "bot_reload_total" ["bot_id"];
    /// Texts rendered, by locale
    i18n_renders: counters "i18n_renders_total" ["bot_id", "locale"];
    /// Texts that were overridden or reverted here, and requests that were refused
    text_changes: counters "text_override_changes_total" ["bot_id", "what"];
    /// Overridden texts, by whether they suit this build
    text_overrides: gauges "text_overrides" ["bot_id", "state"];
    /// Statements that read
    sql_queries: counters "bot_sql_query_total" ["bot_id"];
    /// Statements that wrote
    sql_execs: counters "bot_sql_exec_total" ["bot_id"];
    /// Seconds a handler waited for its statements; `exec`: some of them wrote
    sql_seconds: histograms "sql_latency_seconds" ["bot_id", "kind"] WORK;
    /// Events written down
    events_written: counter "events_written_total";
    /// Events lost: their queue was full, or the database did not take them
    events_dropped: counter "events_dropped_total";
    /// Seconds a group commit of the SQLite writer took
    commit_seconds: histogram "store_commit_seconds" WORK;
    /// Updates in one group commit
    commit_updates: histogram "store_commit_updates" GROUP;
    /// 1 while the database answers
    database_up: gauge "database_up";
    /// 1 while Redis answers; 0 too where there is none
    redis_up: gauge "redis_up";
    /// Uses of Redis that took their fallback, by what for
    redis_missed: counters "redis_fallbacks_total" ["purpose"];
    /// Decisions of rate limits, by rule and outcome
    limits: counters "bf_ratelimit_total" ["bot_id", "rule", "outcome"];
    /// Questions to the model, by what became of them
    llm_requests: counters "llm_requests_total" ["bot_id", "outcome"];
    /// Seconds from a question to its answer, retries included
    llm_seconds: histograms "llm_latency_seconds" ["bot_id", "cached"] NETWORK;
    /// Seconds of a question that were not the model's
    llm_overhead: histograms "llm_overhead_seconds" ["bot_id"] WORK;
    /// Calls of the model, by how they ended
    llm_calls: counters "llm_calls_total" ["bot_id", "class"];
    /// Seconds a call of the model took
    llm_call_seconds: histograms "llm_call_duration_seconds" ["bot_id"] NETWORK;
    /// Tokens as the model's server counts them
    llm_tokens: counters "llm_tokens_total" ["bot_id", "type"];
    /// Questions answered without a call
    llm_cache_hits: counters "llm_cache_hits_total" ["bot_id"];
    /// Questions that had no answer in time
    llm_timeouts: counters "llm_timeout_total" ["bot_id"];
    /// Answers of the model, by the form they should have and whether they had it
    llm_read: counters "llm_outputs_total" ["bot_id", "form", "valid"];
    /// Questions and answers that moderation refused
    llm_moderated: counters "llm_moderated_total" ["bot_id", "what", "why"];
    /// Questions that a limit refused
    llm_limits_hit: counters "llm_budget_limits_hit_total" ["bot_id", "limit_type"];
    /// Tokens that counted against the budgets of days
    llm_budget_usage: counters "llm_budget_usage_total" ["bot_id"];
    /// Tokens of today's budget that are used or reserved
    llm_budget_used: gauges "llm_budget_used" ["bot_id"];
    /// Tokens of a day's budget; 0: any number
    llm_budget_limit: gauges "llm_budget_limit" ["bot_id"];
    /// 1 while the model's server answers; 0 too where there is none
    llm_up: gauge "llm_up";
    /// Changes of the circuit breaker before the model
    breaker_changes: counters "circuit_breaker_state_changes_total" ["bot_id", "from_state", "to_state"];
    /// 1 while the circuit breaker is open or half open
    breaker_open: gauges "circuit_breaker_open" ["bot_id"];
    /// Seconds the circuit breaker was open
    breaker_open_seconds: histograms "circuit_breaker_open_duration_seconds" ["bot_id"] LONG;
    /// Calls that the circuit breaker kept back
    breaker_refusals: counters "llm_circuit_breaker_rejections_total" ["bot_id"];
    /// Spans for a collector, by what became of them
    spans: counters "otlp_spans_total" ["outcome"];
    /// Updates stored for the first time
    claims: counters "bot_updates_claimed_total" ["bot_id"];
    /// Runs of a handler that were in vain, because the conversation had moved meanwhile
    races: counters "bot_conversation_races_total" ["bot_id"];
    /// Dialogues that wait for an answer
    wizards_active: gauges "wizard_active" ["bot_id"];
    /// Widgets shown
    widget_renders: counters "widget_renders_total" ["bot_id", "widget"];
    /// Answers taken from a widget
    widget_picks: counters "widget_picks_total" ["bot_id", "widget"];
    /// Looks into the cache of people's locales
    locale_cache: counters "locale_cache_total" ["outcome"];
    /// Seconds an update waited: for its turn in its conversation, for SQLite's writer, for a lock of Postgres
    lock_wait: histograms "lock_wait_seconds" ["lock"] WORK;
    /// What waits in a queue of this process
    queue_depth: gauges "queue_depth" ["queue"];
    /// Connections to the database that are lent out
    pool_used: gauges "db_pool_in_use" ["pool"];
    /// Connections to the database there may be
    pool_size: gauges "db_pool_size" ["pool"];
    /// Seconds a handler waited for a connection to the database
    pool_wait: histograms "db_pool_wait_seconds" ["pool"] WORK;
    /// Waits for a connection to the database that were in vain
    pool_timeouts: counters "db_pool_timeouts_total" ["pool"];
    /// Rows of the outbox that wait, of all instances
    outbox_backlog: gauges "outbox_backlog" ["class"];
    /// Seconds since the oldest of them could have been sent
    outbox_oldest: gauges "outbox_oldest_seconds" ["class"];
    /// Dead letters that are stored
    letters_stored: gauge "dead_letters_stored";
    /// Sends held back, so that Telegram's limits are kept
    flood_waits: counters "flood_waits_total" ["bot_id", "class"];
    /// Seconds they were held back
    flood_wait_seconds: histograms "flood_wait_seconds" ["bot_id"] NETWORK;
    /// Resident memory of this process in bytes
    resident: gauge "process_resident_memory_bytes";
    /// Virtual memory of this process in bytes
    virtual_memory: gauge "process_virtual_memory_bytes";
    /// Processor time of this process in seconds
    cpu: seconds "process_cpu_seconds_total";
    /// When this process started, in seconds since 1970
    started: number "process_start_time_seconds";
    /// Open files and sockets of this process
    open_fds: gauge "process_open_fds";
    /// How many it may open
    max_fds: gauge "process_max_fds";
    /// Threads of this process
    threads: gauge "process_threads";
    /// Tasks of this process
    tasks: gauge "tokio_alive_tasks";
    /// Tasks that wait for a thread
    task_queue: gauge "tokio_global_queue_depth";
    /// 1, with the version and the hash of the compiled sources
    build: gauges "botfactory_build_info" ["version", "sources"];
}

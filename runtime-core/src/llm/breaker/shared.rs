//! The breaker that all instances share: [`super::state`], as a script in Redis, by its clock.

use std::sync::LazyLock;

use redis::Script;

use super::state::{Moved, Outcome, Permit, Rules, State, millis};
use crate::redis::Redis;

/// How long a breaker that nobody asks is remembered, in milliseconds.
const REMEMBERED: i64 = 86_400_000;
/// The label of the metric of fallbacks.
const PURPOSE: &str = "breaker";

/// Does one thing with a breaker. Keys: the breaker. Arguments: what (0 enter, 1 leave, 2 look, 3 close); failures, recovery,
/// successes, probe; how long it is remembered; generation, probe and outcome of a call that leaves. Gives the state, failures,
/// successes, milliseconds in the state, generation; a permit (0 none, 1 a call, 2 a probe) and milliseconds to wait; the state
/// before (-1: none other) and the milliseconds in it.
static BREAKER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local what = ARGV[1]
local failures, recovery = tonumber(ARGV[2]), tonumber(ARGV[3])
local successes, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local h = redis.call('HMGET', KEYS[1], 's', 'f', 'k', 'g', 'at', 'p')
local s, f, k = tonumber(h[1] or 0), tonumber(h[2] or 0), tonumber(h[3] or 0)
local g, at, p = tonumber(h[4] or 0), tonumber(h[5] or now), tonumber(h[6] or 0)
if at > now then at = now end
if p > now + lease then p = now + lease end
local from, stayed = -1, 0
local function turn(to)
  from, stayed = s, now - at
  if to ~= 1 then f = 0 end
  s, k, g, at, p = to, 0, g + 1, now, 0
end
local permit, wait = 0, 0
if what == '0' then
  if s == 1 then
    wait = math.max(recovery - (now - at), 0)
    if wait == 0 then turn(2) end
  end
  if s == 0 then
    permit = 1
  elseif s == 2 then
    if p > now then
      wait = p - now
    else
      p = now + lease
      permit = 2
    end
  end
elseif what == '3' then
  if s ~= 0 then turn(0) end
  f, g = 0, g + 1
elseif what == '1' and tonumber(ARGV[7]) == g then
  local outcome = ARGV[9]
  if ARGV[8] == '1' then p = 0 end
  if s == 0 and outcome == '1' then
    f = 0
  elseif s == 0 and outcome == '0' then
    f = f + 1
    if f >= failures then turn(1) end
  elseif s == 2 and outcome == '0' then
    turn(1)
  elseif s == 2 and outcome == '1' then
    k = k + 1
    if k >= successes then turn(0) end
  end
end
if what ~= '2' then
  redis.call('HSET', KEYS[1], 's', s, 'f', f, 'k', k, 'g', g, 'at', string.format('%.0f', at), 'p', string.format('%.0f', p))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
return {s, f, k, now - at, g, permit, wait, from, stayed}
",
    )
});

/// What the script gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) state: State,
    pub(super) failures: u32,
    pub(super) successes: u32,
    /// Milliseconds.
    pub(super) since: u64,
    pub(super) permit: Option<Permit>,
    pub(super) moved: Option<Moved>,
}

pub(super) async fn enter(redis: &Redis, key: &str, rules: &Rules) -> Option<Told> {
    run(redis, key, rules, [0, 0, 0, 0]).await
}

pub(super) async fn leave(
    redis: &Redis,
    key: &str,
    rules: &Rules,
    permit: Permit,
    outcome: Outcome,
) -> Option<Told> {
    let outcome = match outcome {
        Outcome::Failed => 0,
        Outcome::Succeeded => 1,
        Outcome::Unknown => 2,
    };
    let probe = i64::from(permit.probe);
    run(redis, key, rules, [1, permit.generation, probe, outcome]).await
}

pub(super) async fn look(redis: &Redis, key: &str, rules: &Rules) -> Option<Told> {
    run(redis, key, rules, [2, 0, 0, 0]).await
}

pub(super) async fn reset(redis: &Redis, key: &str, rules: &Rules) -> Option<Told> {
    run(redis, key, rules, [3, 0, 0, 0]).await
}

async fn run(redis: &Redis, key: &str, rules: &Rules, what: [i64; 4]) -> Option<Told> {
    let [what, generation, probe, outcome] = what;
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let arguments = [
        what,
        i64::from(rules.failures),
        whole(millis(rules.recovery)),
        i64::from(rules.successes),
        whole(millis(rules.probe)),
        REMEMBERED,
        generation,
        probe,
        outcome,
    ];
    let told: Vec<i64> = redis
        .run(PURPOSE, &BREAKER, &[key.to_owned()], &arguments)
        .await?;
    let [
        state,
        failures,
        successes,
        since,
        generation,
        permit,
        _,
        from,
        stayed,
    ] = told.try_into().ok()?;
    let state = State::of(state);
    Some(Told {
        state,
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        successes: u32::try_from(successes).unwrap_or(u32::MAX),
        since: u64::try_from(since).unwrap_or(0),
        permit: (permit > 0).then_some(Permit {
            generation,
            probe: permit == 2,
        }),
        moved: (from >= 0).then(|| Moved {
            from: State::of(from),
            to: state,
            after: u64::try_from(stayed).unwrap_or(0),
        }),
    })
}

//! The counters that all instances share: lists of moments in Redis, by its own clock.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::{Answer, Ask};
use crate::redis::Redis;

/// Decides once. Keys: the moments, the decision, that the person was told. Arguments: the window in microseconds, how many
/// pass in it, the lives of a decision to pass and of one to wait in milliseconds, whether people are told only once.
/// Gives 0 for passed, else four times the milliseconds to wait, and 1 more where the person is to be told.
///
/// The same as [`super::window`], in one round trip and without a walk along the list, but after a clock was set back.
static DECIDE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local known = redis.call('GET', KEYS[2])
if known then return tonumber(known) end
local window, allowance = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count = redis.call('LLEN', KEYS[1])
if count > 0 and tonumber(redis.call('LINDEX', KEYS[1], -1)) > now then
  local all = redis.call('LRANGE', KEYS[1], 0, -1)
  redis.call('DEL', KEYS[1])
  for _, moment in ipairs(all) do
    redis.call('RPUSH', KEYS[1], string.format('%.0f', math.min(tonumber(moment), now)))
  end
end
if count > allowance then
  redis.call('LTRIM', KEYS[1], -allowance, -1)
  count = allowance
end
local left = 0
if count >= allowance then
  left = tonumber(redis.call('LINDEX', KEYS[1], 0)) + window - now
end
if left <= 0 then
  if count >= allowance then redis.call('LPOP', KEYS[1]) end
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
  redis.call('SET', KEYS[2], 0, 'PX', ARGV[3])
  return 0
end
local verdict = math.ceil(left / 1000) * 4 + 1
if ARGV[5] == '1' and not redis.call('SET', KEYS[3], 1, 'NX', 'PX', math.ceil(window / 1000)) then
  verdict = verdict - 1
end
redis.call('SET', KEYS[2], string.format('%.0f', verdict), 'PX', ARGV[4])
return verdict
",
    )
});

/// `None`: Redis is away.
pub(super) async fn decide(redis: &Redis, ask: &Ask) -> Option<Answer> {
    let Ask {
        bot,
        update_id,
        counter,
        ..
    } = ask;
    let told = ask.told.unwrap_or(*counter);
    let keys = [
        format!("bf:{{{bot}}}:limit:{counter:032x}"),
        format!("bf:{{{bot}}}:decided:{update_id}:{counter:032x}"),
        format!("bf:{{{bot}}}:told:{told:032x}"),
    ];
    let wait = Answer::Wait {
        millis: 1,
        tell: true,
    };
    let arguments = [
        ask.window(),
        i64::try_from(ask.allowance()).unwrap_or(i64::MAX),
        milliseconds(ask.life(Answer::Pass)),
        milliseconds(ask.life(wait)),
        i64::from(ask.told.is_some()),
    ];
    let verdict: i64 = redis.run("limit", &DECIDE, &keys, &arguments).await?;
    Some(match verdict {
        0 => Answer::Pass,
        _ => Answer::Wait {
            millis: (verdict / 4).max(1),
            tell: verdict % 4 == 1,
        },
    })
}

fn milliseconds(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX).max(1)
}

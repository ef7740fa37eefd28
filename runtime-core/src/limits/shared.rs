//! The counters that all instances share: lists of moments in Redis, by its own clock.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::{Answer, Ask};
use crate::redis::Redis;

/// Decides once about one or more rules, in order, up to the first that refuses. Keys of each: the moments, the decision,
/// that the person was told. Arguments of each: the window in microseconds, how many pass in it, the lives of a decision to
/// pass and of one to wait in milliseconds, whether people are told only once. Gives of each that was decided 0 for passed,
/// else four times the milliseconds to wait, and 1 more where the person is to be told.
///
/// The same as [`super::window`], in one round trip and without a walk along the list, but after a clock was set back.
static DECIDE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function decide(moments, decision, told, window, allowance, passes, waits, once)
  local known = redis.call('GET', decision)
  if known then return tonumber(known) end
  local count = redis.call('LLEN', moments)
  if count > 0 and tonumber(redis.call('LINDEX', moments, -1)) > now then
    local all = redis.call('LRANGE', moments, 0, -1)
    redis.call('DEL', moments)
    for _, moment in ipairs(all) do
      redis.call('RPUSH', moments, string.format('%.0f', math.min(tonumber(moment), now)))
    end
  end
  if count > allowance then
    redis.call('LTRIM', moments, -allowance, -1)
    count = allowance
  end
  local left = 0
  if count >= allowance then
    left = tonumber(redis.call('LINDEX', moments, 0)) + window - now
  end
  if left <= 0 then
    if count >= allowance then redis.call('LPOP', moments) end
    redis.call('RPUSH', moments, string.format('%.0f', now))
    redis.call('PEXPIRE', moments, math.ceil(window / 1000))
    redis.call('SET', decision, 0, 'PX', passes)
    return 0
  end
  local verdict = math.ceil(left / 1000) * 4 + 1
  if once == '1' and not redis.call('SET', told, 1, 'NX', 'PX', math.ceil(window / 1000)) then
    verdict = verdict - 1
  end
  redis.call('SET', decision, string.format('%.0f', verdict), 'PX', waits)
  return verdict
end
local verdicts = {}
for n = 0, #KEYS / 3 - 1 do
  local k, a = n * 3, n * 5
  verdicts[n + 1] = decide(KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]),
    ARGV[a + 3], ARGV[a + 4], ARGV[a + 5])
  if verdicts[n + 1] > 0 then break end
end
return verdicts
",
    )
});

/// The answers up to the first that is not to pass; `None`: Redis is away. All of them are one bot's.
pub(super) async fn decide(redis: &Redis, asks: &[Ask]) -> Option<Vec<Answer>> {
    let mut keys = Vec::with_capacity(3 * asks.len());
    let mut arguments = Vec::with_capacity(5 * asks.len());
    for ask in asks {
        let Ask {
            bot,
            update_id,
            counter,
            ..
        } = ask;
        let told = ask.told.unwrap_or(*counter);
        keys.push(format!("bf:{{{bot}}}:limit:{counter:032x}"));
        keys.push(format!("bf:{{{bot}}}:decided:{update_id}:{counter:032x}"));
        keys.push(format!("bf:{{{bot}}}:told:{told:032x}"));
        let wait = Answer::Wait {
            millis: 1,
            tell: true,
        };
        arguments.extend([
            ask.window(),
            i64::try_from(ask.allowance()).unwrap_or(i64::MAX),
            milliseconds(ask.life(Answer::Pass)),
            milliseconds(ask.life(wait)),
            i64::from(ask.told.is_some()),
        ]);
    }
    let verdicts: Vec<i64> = redis.run("limit", &DECIDE, &keys, &arguments).await?;
    let verdicts = verdicts.into_iter().map(|verdict| match verdict {
        0 => Answer::Pass,
        _ => Answer::Wait {
            millis: (verdict / 4).max(1),
            tell: verdict % 4 == 1,
        },
    });
    Some(verdicts.collect())
}

fn milliseconds(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX).max(1)
}

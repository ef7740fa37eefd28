//! The sliding window itself: the moments that passed, oldest first, at most as many as may pass in a window.

use std::collections::VecDeque;

/// Lets `now` pass if fewer than `allowance` have within the `window` before it; all in one unit of time.
///
/// # Errors
/// So many have: how long until the oldest of them is a window ago. Never zero.
pub(super) fn take(
    moments: &mut VecDeque<i64>,
    now: i64,
    window: i64,
    allowance: usize,
) -> Result<(), i64> {
    free(moments, now, window, allowance)?;
    moments.push_back(now);
    Ok(())
}

/// Whether `now` may pass, without counting it.
///
/// # Errors
/// As [`take`].
pub(super) fn free(
    moments: &mut VecDeque<i64>,
    now: i64,
    window: i64,
    allowance: usize,
) -> Result<(), i64> {
    // The clock was set back: what seems still to come has just been.
    for moment in moments.iter_mut().rev().take_while(|moment| **moment > now) {
        *moment = now;
    }
    // Another build allowed more.
    while moments.len() > allowance {
        moments.pop_front();
    }
    while moments
        .front()
        .is_some_and(|oldest| now.saturating_sub(*oldest) >= window)
    {
        moments.pop_front();
    }
    match moments.front() {
        Some(oldest) if moments.len() >= allowance => {
            Err(oldest.saturating_add(window).saturating_sub(now).max(1))
        }
        _ => Ok(()),
    }
}

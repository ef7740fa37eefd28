//! Statements that are the same on both engines. A state that changes is told at once.

use super::{Order, columns};

/// Bot, request.
pub(crate) const REQUESTED: &str = "SELECT id FROM bf_broadcast WHERE bot = $1 AND request = $2";

/// Id, last person, people, whether these were all.
pub(crate) const ENROLLED: &str = "UPDATE bf_broadcast SET last = $2, total = total + $3, enrolled = $4, \
     people = CASE WHEN $4 THEN NULL ELSE people END WHERE id = $1";

/// Id, when its next call may begin.
pub(crate) const PACED: &str = "UPDATE bf_broadcast SET next_at = $2 WHERE id = $1";

/// Id, now, whether they are given up: calls that a crash has left.
pub(crate) const LEFT_BEHIND: &str = "UPDATE bf_recipient SET state = CASE WHEN $3 THEN 6 ELSE 0 END, \
     due = CASE WHEN $3 THEN 0 ELSE $2 END, code = CASE WHEN $3 THEN 'crash' END, at = $2 \
   WHERE broadcast = $1 AND state = 2 AND due <= $2";

/// Id, people.
pub(crate) const AMBIGUOUS: &str =
    "UPDATE bf_broadcast SET ambiguous = ambiguous + $2 WHERE id = $1";

/// Id, people.
pub(crate) const SKIPPED: &str = "UPDATE bf_broadcast SET skipped = skipped + $2 WHERE id = $1";

/// Id, now, since.
pub(crate) const BEGIN: &str = "UPDATE bf_broadcast SET state = 1, started = $2, since = $3, \
     told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE $2 END \
   WHERE id = $1 AND state = 0";

/// Id.
pub(crate) const CLOSE: &str = "UPDATE bf_broadcast SET state = 3, started = created, finished = created, \
     enrolled = TRUE, people = NULL, told_at = 0 WHERE id = $1";

/// Id, now.
pub(crate) const COMPLETE: &str = concat!(
    "UPDATE bf_broadcast SET state = 3, finished = $2, told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE $2 END \
     WHERE id = $1 AND state = 1 AND enrolled \
       AND NOT EXISTS (SELECT 1 FROM bf_recipient WHERE broadcast = $1 AND state < 3) RETURNING ",
    columns!()
);

/// Now: cancelled ones with calls of a process that has died, and their bots.
pub(crate) const LEFT: &str = "SELECT DISTINCT b.id, b.bot FROM bf_recipient r JOIN bf_broadcast b ON b.id = r.broadcast \
   WHERE r.state = 2 AND r.due <= $1 AND b.state = 4";

/// Id, people, now: they were counted as skipped.
pub(crate) const RECOUNT: &str = "UPDATE bf_broadcast SET ambiguous = ambiguous + $2, skipped = skipped - $2, \
     told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE CAST($3 AS BIGINT) END \
   WHERE id = $1 AND state = 4";

/// Id, sent, failed, blocked, ambiguous, no longer skipped, now. What ends after it has stopped is told once more.
pub(crate) const COUNT: &str = "UPDATE bf_broadcast SET sent = sent + $2, failed = failed + $3, blocked = blocked + $4, \
     ambiguous = ambiguous + $5, skipped = skipped - $6, \
     told_at = CASE WHEN told_at = 0 AND told_chat IS NOT NULL AND state IN (2, 4) THEN CAST($7 AS BIGINT) ELSE told_at END \
   WHERE id = $1";

/// Id, now, problem.
pub(crate) const SUSPEND: &str = "UPDATE bf_broadcast SET state = 2, problem = $3, \
     told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE CAST($2 AS BIGINT) END \
   WHERE id = $1 AND state = 1";

/// Bot, id.
pub(crate) const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM bf_broadcast WHERE bot = $1 AND id = $2"
);

/// Bot, before, limit.
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM bf_broadcast WHERE bot = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
);

/// Id, offset, limit.
pub(crate) const MISSED: &str = "SELECT state, coalesce(code, ''), at, attempts FROM bf_recipient \
   WHERE broadcast = $1 AND state IN (4, 5, 6) ORDER BY person LIMIT $3 OFFSET $2";

/// Id, the number of the last text, when the next one is due, now.
pub(crate) const TELL: &str = "UPDATE bf_broadcast SET told_n = told_n + 1, told_at = $3 \
   WHERE id = $1 AND told_n = $2 AND told_at > 0 AND told_at <= $4";

/// Recipients, broadcasts: ended before.
pub(crate) const OLD: &str = "SELECT EXISTS (SELECT 1 FROM bf_broadcast b JOIN bf_recipient r ON r.broadcast = b.id \
     WHERE b.finished < $1) OR EXISTS (SELECT 1 FROM bf_broadcast WHERE finished < $2)";

/// Ended before.
pub(crate) const FORGET_RECIPIENTS: &str = "DELETE FROM bf_recipient WHERE (broadcast, person) IN \
     (SELECT r.broadcast, r.person FROM bf_broadcast b JOIN bf_recipient r ON r.broadcast = b.id \
      WHERE b.finished < $1 LIMIT 2000)";

/// Ended before.
pub(crate) const FORGET: &str = "DELETE FROM bf_broadcast WHERE finished < $1 \
     AND NOT EXISTS (SELECT 1 FROM bf_recipient WHERE broadcast = id)";

impl Order {
    /// Bot, id, now.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Pause => {
                "UPDATE bf_broadcast SET state = 2, problem = NULL, \
                   told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE CAST($3 AS BIGINT) END \
                 WHERE bot = $1 AND id = $2 AND state IN (0, 1)"
            }
            // One that had not begun waits for its time again.
            Self::Resume => {
                "UPDATE bf_broadcast SET state = CASE WHEN started IS NULL THEN 0 ELSE 1 END, problem = NULL, next_at = 0, \
                   told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE CAST($3 AS BIGINT) END \
                 WHERE bot = $1 AND id = $2 AND state = 2"
            }
            // Calls under way still count as what they come to: see `advance`.
            Self::Cancel => {
                "UPDATE bf_broadcast SET state = 4, problem = NULL, finished = $3, people = NULL, \
                   skipped = total - sent - failed - blocked - ambiguous, \
                   told_at = CASE WHEN told_chat IS NULL THEN 0 ELSE $3 END \
                 WHERE bot = $1 AND id = $2 AND state < 3"
            }
        }
    }
}

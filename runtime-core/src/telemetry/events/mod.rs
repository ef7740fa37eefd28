//! The observable facts. One file for each part of the runtime that they are about.

mod access;
mod broadcasts;
mod jobs;
mod llm;
mod manage;
mod operation;
mod sending;
mod stores;
mod texts;
mod updates;

pub use access::{AdminActed, AdminRefused, ConnectionRefused, Panicked, PersonHandled};
pub use broadcasts::{
    BroadcastBegun, BroadcastCalled, BroadcastHeld, BroadcastMoved, BroadcastRunning,
    BroadcastSettled, BroadcastsWaiting, MomentsLost, PeopleWritten,
};
pub use jobs::{JobEnd, JobEnded, JobsWaiting};
pub use llm::{
    BreakerMoved, BreakerRefused, BreakerStands, LlmAsked, LlmBudget, LlmCalled, LlmModerated,
    LlmOverhead, LlmRead, LlmUp,
};
pub use manage::DataCleared;
pub use operation::{ApiAnswered, Lifecycle, NotStarted, PollingFailed, Registered, Reloaded};
pub use sending::{
    CallBuried, ChatUnreachable, FloodWaited, OutboxWaiting, ReplyFailed, ReplySent, RowsTakenOver,
    SendAmbiguous, SendRetried, TelegramCalled,
};
pub use stores::{
    DatabaseChanged, Depths, DialoguesCounted, EventsDropped, EventsWritten, GroupCommitted,
    LocaleLooked, PoolWaited, RedisChanged, RedisMissed, StoreFailed, TablesCounted,
};
pub use texts::{TextStale, TextsChanged, TextsRefused, TextsSpoken, TextsUnread};
pub use updates::{
    ConversationRaced, DuplicateAnswered, HandlerFailed, HandlerRan, LimitDecided, LockWaited,
    Rendered, StatementsRan, UpdateClaimed, UpdateFinished, UpdateReceived, WebhookRefused,
    WidgetsUsed, WizardMove, WizardMoved,
};

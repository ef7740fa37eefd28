//! The model that bots ask, against a server that is slow, broken or hostile: on a real SQLite, Postgres and Redis.

mod asking;
mod breaker;
mod budget;
mod hostile;
mod limits;
mod rig;
mod sharing;

//! People of previews: ids that no person of Telegram has, so that theirs and ours never meet.

use super::{Person, Place};

/// Preview ids lie below this: Telegram's reach down to about −4·10¹².
const BASE: i64 = -(1 << 51);
/// How many people, and how many groups, can be told apart.
const SPAN: i64 = 1 << 50;

/// Who acts in a preview.
#[derive(Debug, Clone, Default)]
pub struct Guest {
    /// Any number; the same one is the same person. 0 is the default one.
    pub user: i64,
    /// A group, by any number; `None`: their private chat.
    pub chat: Option<i64>,
    /// Their client's language.
    pub locale: Option<String>,
    /// One of the bot's admins: another person than the one with the same number who is none.
    pub admin: bool,
}

impl Guest {
    fn id(&self) -> i64 {
        let first = if self.admin { BASE - 2 * SPAN } else { BASE };
        first - self.user.rem_euclid(SPAN)
    }

    pub(crate) fn person(&self) -> Person {
        Person {
            id: self.id(),
            first_name: match (self.admin, self.user) {
                (false, 0) => "Guest".to_owned(),
                (true, 0) => "Admin".to_owned(),
                (false, user) => format!("Guest {user}"),
                (true, user) => format!("Admin {user}"),
            },
            last_name: None,
            username: None,
            language_code: self.locale.clone(),
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self.chat {
            Some(chat) if chat != self.user => Place {
                chat_id: BASE - SPAN - chat.rem_euclid(SPAN),
                private: false,
                thread_id: 0,
            },
            _ => Place {
                // As in Telegram: a private chat has its person's id.
                chat_id: self.id(),
                private: true,
                thread_id: 0,
            },
        }
    }
}

/// Whether it is the id of somebody who is an admin in previews.
pub(crate) fn is_admin(person: i64) -> bool {
    person <= BASE - 2 * SPAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_negative_stable_and_apart() {
        let who = |user, chat| Guest {
            admin: false,
            user,
            chat,
            locale: None,
        };
        assert!(who(0, None).person().id < -5_000_000_000_000);
        assert_ne!(who(1, None).person().id, who(2, None).person().id);
        assert_eq!(who(1, None).person().id, who(1, Some(7)).person().id);
        let private = who(1, None).place();
        assert!(private.private && private.chat_id == who(1, None).person().id);
        assert_eq!(who(1, Some(1)).place(), private);
        let group = who(1, Some(7)).place();
        assert!(!group.private && group == who(2, Some(7)).place());
        assert_ne!(who(i64::MIN, None).person().id, 0);
    }
}

//! Whose rows, and which constraints.

use super::*;

const OWNED: &str = "
CREATE TABLE people (bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, name TEXT, points INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (bot_id, user_id));
CREATE TABLE notes (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, body TEXT NOT NULL,
  slug TEXT UNIQUE, FOREIGN KEY (bot_id, user_id) REFERENCES people (bot_id, user_id));
CREATE TABLE tags (note BIGINT NOT NULL REFERENCES notes (id) ON DELETE CASCADE, tag TEXT NOT NULL CHECK (tag <> ''),
  PRIMARY KEY (note, tag));
CREATE VIEW scores AS SELECT name, points FROM people;
CREATE VIEW mine AS SELECT bot_id, user_id, name FROM people;
";

fn said(given: Given<'_>) -> String {
    let mut w = world(&[("demo", "0001_init.sql", OWNED)]);
    assert!(
        w.findings.is_empty(),
        "{:#?}",
        print(&w.findings, &w.sources)
    );
    given
        .vars(&[("x", int()), ("body", text())])
        .run(&mut w)
        .said()
}

#[test]
fn scoped() {
    for sql in [
        "SELECT body FROM notes WHERE bot_id = :bot_id AND :user_id = user_id AND slug LIKE 'a%'",
        "SELECT n.body, p.name FROM notes n JOIN people p ON p.bot_id = n.bot_id AND p.user_id = n.user_id \
         WHERE p.bot_id = :bot_id AND p.user_id = :user_id",
        "SELECT n.body, p.name FROM notes n JOIN people p USING (bot_id, user_id) WHERE n.bot_id = :bot_id AND n.user_id = :user_id",
        "SELECT p.name FROM people p LEFT JOIN notes n ON n.bot_id = p.bot_id AND n.user_id = p.user_id \
         WHERE p.bot_id = :bot_id AND p.user_id = :user_id",
        "SELECT body FROM notes WHERE (bot_id = :bot_id AND user_id = :user_id AND id = 1) OR (user_id = :user_id AND bot_id = :bot_id)",
        "SELECT name FROM people p WHERE p.bot_id = :bot_id AND p.user_id = :user_id AND EXISTS \
         (SELECT 1 FROM notes n WHERE n.bot_id = p.bot_id AND n.user_id = p.user_id)",
        "SELECT t.n FROM (SELECT COUNT(*) AS n FROM notes WHERE bot_id = :bot_id AND user_id = :user_id) t",
        "WITH m AS (SELECT * FROM notes WHERE bot_id = :bot_id AND user_id = :user_id) SELECT body FROM m",
        "SELECT name FROM mine WHERE bot_id = :bot_id AND user_id = :user_id",
        "SELECT tag FROM tags",
    ] {
        assert_eq!(said(query(sql)), "", "{sql}");
    }
}

#[test]
fn unscoped() {
    let reaches = |sql: &str| {
        let text = said(query(sql));
        assert!(text.contains("BF0550"), "{sql}: {text}");
        text
    };
    assert_eq!(
        reaches("SELECT body FROM notes"),
        "BF0550 this reaches rows of `notes` that belong to others [notes] help: add `bot_id = :bot_id AND user_id = :user_id` \
         to its condition; if all rows are meant, say why: `unscoped: \"…\"`"
    );
    reaches("SELECT body FROM notes WHERE bot_id = :bot_id OR user_id = :user_id");
    reaches("SELECT body FROM notes WHERE bot_id = :bot_id AND user_id = :x");
    reaches("SELECT body FROM notes WHERE bot_id = :bot_id AND NOT user_id = :user_id");
    reaches("SELECT body FROM notes WHERE bot_id = 'demo' AND user_id = :user_id");
    // ON of a LEFT JOIN does not constrain its left side.
    reaches(
        "SELECT p.name FROM people p LEFT JOIN notes n ON n.bot_id = :bot_id AND n.user_id = :user_id \
             AND p.bot_id = n.bot_id AND p.user_id = n.user_id",
    );
    reaches("SELECT tag FROM tags WHERE note IN (SELECT id FROM notes)");
    // A view hides the columns, not the rule.
    reaches("SELECT name FROM scores");
    assert_eq!(
        said(Given {
            unscoped: Some("a public board"),
            ..query("SELECT name FROM scores")
        }),
        ""
    );
    assert_eq!(
        said(Given {
            unscoped: Some("why"),
            ..query("SELECT tag FROM tags")
        }),
        "BF0551 the statement is scoped to the bot and the person as it is [why] help: remove `unscoped`"
    );
    assert!(
        said(Given {
            unscoped: Some(" "),
            ..query("SELECT name FROM scores")
        })
        .contains("says why")
    );
}

#[test]
fn writes() {
    let of = |sql: &str, on_conflict| {
        said(Given {
            on_conflict,
            ..exec(sql)
        })
    };
    let owned = " WHERE bot_id = :bot_id AND user_id = :user_id";
    assert_eq!(
        of(
            &format!("UPDATE people SET points = points + 1{owned}"),
            false
        ),
        ""
    );
    assert!(
        of(
            "UPDATE people SET points = 1 WHERE user_id = :user_id",
            false
        )
        .contains("BF0550")
    );
    // Handing a row over to somebody else.
    assert!(of(&format!("UPDATE notes SET user_id = :x{owned}"), true).contains("BF0550"));
    assert!(of(&format!("DELETE FROM notes{owned}"), false).is_empty());
    assert!(of("DELETE FROM notes WHERE id = :x", false).contains("BF0550"));
    assert!(
        of(
            "INSERT INTO notes (bot_id, user_id, body) VALUES (:bot_id, :x, :body)",
            true
        )
        .contains("store `:user_id` in `user_id`")
    );
    assert_eq!(
        of(
            "INSERT INTO notes (bot_id, user_id, body) VALUES (:bot_id, :user_id, :body)",
            true
        ),
        ""
    );
    assert_eq!(
        of(
            &format!(
                "INSERT INTO notes (bot_id, user_id, body) SELECT bot_id, user_id, 'hi' FROM people{owned}"
            ),
            true
        ),
        ""
    );
    // What is in the way has the same owner, or not.
    let upsert = "INSERT INTO people (bot_id, user_id, name) VALUES (:bot_id, :user_id, :body) ON CONFLICT (bot_id, user_id) DO UPDATE SET name = excluded.name";
    assert_eq!(of(upsert, false), "");
    let steals = "INSERT INTO notes (bot_id, user_id, body, slug) VALUES (:bot_id, :user_id, :body, 'a') ON CONFLICT (slug) DO UPDATE SET body = excluded.body";
    assert!(of(steals, true).contains("can change rows of others"));
    assert_eq!(
        of(
            &format!("{steals} WHERE notes.bot_id = :bot_id AND notes.user_id = :user_id"),
            true
        ),
        ""
    );
}

#[test]
fn conflicts() {
    let of = |sql: &str, on_conflict| {
        said(Given {
            on_conflict,
            unscoped: None,
            ..exec(sql)
        })
    };
    assert_eq!(
        of("INSERT INTO tags (note, tag) VALUES (1, 'a')", false),
        "BF0555 `tags` can refuse this: PRIMARY KEY (note, tag); CHECK on tag; FOREIGN KEY (note) [INSERT] \
         help: say what the person is told then: `on_conflict: { reply: …, goto: step }`"
    );
    // ON CONFLICT deals with keys, not with the rest.
    let text = of(
        "INSERT INTO tags (note, tag) VALUES (1, 'a') ON CONFLICT DO NOTHING",
        false,
    );
    assert!(
        text.contains("this: CHECK on tag; FOREIGN KEY (note) ["),
        "{text}"
    );
    let text = of(
        "INSERT INTO tags (note, tag) VALUES (1, 'a') ON CONFLICT (note) DO NOTHING",
        true,
    );
    assert!(text.contains("BF0526"), "{text}");
    // A key that counts up cannot be taken; a NULL-able UNIQUE that is not given neither, but that is not looked at.
    let text = of(
        "INSERT INTO notes (bot_id, user_id, body) VALUES (:bot_id, :user_id, 'a')",
        false,
    );
    assert!(!text.contains("PRIMARY KEY"), "{text}");
    let scoped = "WHERE bot_id = :bot_id AND user_id = :user_id";
    // Only what is set, and what refers to it.
    assert_eq!(
        of(&format!("UPDATE notes SET body = 'a' {scoped}"), false),
        ""
    );
    assert!(of(&format!("UPDATE notes SET slug = 'a' {scoped}"), false).contains("UNIQUE (slug)"));
    assert!(of(&format!("DELETE FROM people {scoped}"), false).contains("of `notes`"));
    assert_eq!(of(&format!("DELETE FROM notes {scoped}"), false), "");
    assert_eq!(
        of(&format!("DELETE FROM notes {scoped}"), true),
        format!(
            "BF0556 no constraint of the migrations can refuse this statement [DELETE FROM notes {scoped}] help: remove `on_conflict`"
        )
    );
}

//! The statements of the old system's demos: as they were, each a clear error; rewritten, accepted.

use super::*;

const TABLES: &str = "
CREATE TABLE users (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, name TEXT NOT NULL, age INTEGER,
  email TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE feedback (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, rating INTEGER NOT NULL, comment TEXT,
  created_at TIMESTAMPTZ);
CREATE TABLE bookings (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, service TEXT NOT NULL,
  slot TIMESTAMPTZ NOT NULL, phone TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now());
CREATE TABLE surveys (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, name TEXT NOT NULL, age INTEGER NOT NULL,
  rating INTEGER NOT NULL, comment TEXT, created_at TIMESTAMPTZ);
CREATE TABLE orders (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, category TEXT NOT NULL, quantity INTEGER NOT NULL,
  address TEXT NOT NULL, status TEXT NOT NULL, created_at TIMESTAMPTZ);
CREATE TABLE bot_users (bot_id TEXT NOT NULL, user_id BIGINT NOT NULL, is_active BOOLEAN NOT NULL DEFAULT TRUE, last_active TIMESTAMPTZ);
";

fn vars() -> Vec<(&'static str, Ty)> {
    vec![
        ("name", text()),
        ("age", int()),
        ("email", text()),
        ("rating", int()),
        ("feedback", text()),
        ("comment", text()),
        ("service", service()),
        ("slot", datetime()),
        ("phone", text()),
        ("category", service()),
        ("quantity", int()),
        ("address", text()),
    ]
}

fn run(given: Given<'_>) -> Outcome {
    let mut w = world(&[("demo", "0001_init.sql", TABLES)]);
    assert!(
        w.findings.is_empty(),
        "{:#?}",
        print(&w.findings, &w.sources)
    );
    given.vars(&vars()).run(&mut w)
}

#[test]
fn rewritten() {
    for sql in [
        "INSERT INTO users(bot_id, user_id, name, age, email, created_at) VALUES(:bot_id, :user_id, :name, :age, :email, :now)",
        "INSERT INTO feedback(bot_id, user_id, rating, comment, created_at) VALUES(:bot_id, :user_id, :rating, :feedback, CURRENT_TIMESTAMP)",
        "INSERT INTO bookings(bot_id, user_id, service, slot, created_at) VALUES(:bot_id, :user_id, :service, :slot, :now)",
        "INSERT INTO surveys(bot_id, user_id, name, age, rating, comment, created_at) VALUES(:bot_id, :user_id, :name, :age, :rating, \
         CASE WHEN :comment = 'пропустить' THEN NULL ELSE :comment END, :now)",
        "INSERT INTO orders(bot_id, user_id, category, quantity, address, status, created_at) VALUES(:bot_id, :user_id, :category, :quantity, :address, 'pending', :now)",
        "DELETE FROM bookings WHERE bot_id=:bot_id AND user_id=:user_id AND created_at < :now",
    ] {
        run(exec(sql)).fine();
    }
    assert_eq!(
        run(query("SELECT name, age, email, created_at as joined FROM users WHERE bot_id=:bot_id AND user_id=:user_id")).columns(),
        "name: text, age: int or null, email: text or null, joined: datetime"
    );
    let q = Given {
        unscoped: Some("totals over everyone"),
        ..query(
            "SELECT COUNT(*) as total_users, AVG(rating) as avg_rating FROM (SELECT DISTINCT user_id FROM users WHERE bot_id=:bot_id) u \
             LEFT JOIN feedback f ON u.user_id = f.user_id AND f.bot_id=:bot_id",
        )
    };
    assert_eq!(
        run(q).columns(),
        "total_users: int, avg_rating: real or null"
    );
    let q = Given {
        shape: ast::Shape::Scalar,
        unscoped: Some("totals"),
        params: vec![("since", "now - 7d")],
        ..query(
            "SELECT COUNT(*) as active_users FROM bot_users WHERE bot_id=:bot_id AND is_active=true AND last_active >= :since",
        )
    };
    assert_eq!(run(q).columns(), "value: int");
    run(query("SELECT service, slot, created_at FROM bookings WHERE bot_id=:bot_id AND user_id=:user_id ORDER BY created_at DESC LIMIT 5")).fine();
}

#[test]
fn as_they_were() {
    let of = |sql: &str| {
        let given = if sql.starts_with("SELECT") {
            query(sql)
        } else {
            exec(sql)
        };
        run(given).said()
    };
    for (sql, code, word) in [
        (
            "INSERT INTO bookings(bot_id, user_id, service, slot, created_at) VALUES(:bot_id, :user_id, :service, :slot::timestamptz, NOW())",
            "BF0513",
            "write `:slot`",
        ),
        (
            "INSERT INTO bookings(bot_id, user_id, service, slot) VALUES(:bot_id, :user_id, :service, to_timestamp(:slot, 'YYYY-MM-DD HH24:MI'))",
            "BF0513",
            "write :slot alone",
        ),
        (
            "SELECT service, to_char(slot,'YYYY-MM-DD HH24:MI') AS t FROM bookings WHERE bot_id=:bot_id AND user_id=:user_id",
            "BF0513",
            "select slot as it is",
        ),
        (
            "DELETE FROM bookings WHERE bot_id=:bot_id AND created_at < NOW() - INTERVAL '7 days'",
            "BF0513",
            "params: { since: now - 7d }",
        ),
        (
            "SELECT COUNT(*) as vip FROM bot_users WHERE bot_id=:bot_id AND is_active=true AND 'vip_users' = ANY(segment_tags)",
            "BF0513",
            "there are no arrays",
        ),
        (
            "SELECT service, to_char(slot,''YYYY-MM-DD HH24:MI'') AS t FROM bookings WHERE bot_id=:bot_id",
            "BF0510",
            "",
        ),
    ] {
        let said = of(sql);
        assert!(said.contains(code) && said.contains(word), "{sql}\n{said}");
    }
}

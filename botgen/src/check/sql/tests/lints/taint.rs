//! Ids that the person controls.

use super::{OWN, TABLES, action, bot, exec, flow, query};

#[test]
fn ids_of_the_persons_choice() {
    for sql in [
        "SELECT amount FROM items WHERE id = :id",
        "SELECT amount FROM items WHERE :id = id",
        "SELECT amount FROM \"items\" AS \"I\" WHERE \"I\".\"id\" = :id",
        "SELECT amount FROM items WHERE (id) = (:id)",
        "SELECT amount FROM items WHERE id + 0 = :id",
        "SELECT amount FROM items WHERE id = :id + 0",
        "SELECT amount FROM items WHERE CAST(id AS TEXT) = :word",
        "SELECT amount FROM items WHERE id IN (1, :id)",
        "SELECT amount FROM items WHERE order_id = :id",
        "SELECT amount FROM items WHERE order_id BETWEEN :id AND :id",
        "SELECT amount FROM items WHERE order_id >= :id",
        "SELECT amount FROM items WHERE NOT id <> :id",
        "SELECT amount FROM items WHERE id BETWEEN :id AND :id",
        "SELECT amount FROM items WHERE CASE WHEN id = :id THEN 1 ELSE 0 END = 1",
        "SELECT amount FROM items WHERE order_id = :id AND product = 1",
        "SELECT amount FROM items WHERE id = COALESCE(:id, 1)",
        "SELECT amount FROM items WHERE id = (SELECT :id)",
        "SELECT body FROM remarks WHERE id = :id",
        "SELECT body FROM remarks WHERE item = :id",
        "SELECT r.body FROM remarks r JOIN items i ON i.id = r.item WHERE r.id = :id",
        "SELECT amount FROM lines WHERE id = :id",
        "SELECT amount FROM lines WHERE order_id = :id",
        "SELECT x.amount FROM (SELECT amount FROM items WHERE id = :id) x",
        "WITH x AS (SELECT amount FROM items WHERE id = :id) SELECT amount FROM x",
        "SELECT title FROM products WHERE id IN (SELECT product FROM items WHERE order_id = :id)",
    ] {
        assert_eq!(query(sql), "BF0560", "{sql}");
    }
    // The check is there, and does not hold for every row.
    for check in [
        "orders.id = items.order_id OR TRUE".to_owned(),
        format!("(orders.id = items.order_id AND {OWN}) OR items.amount > 0"),
        format!("NOT (orders.id = items.order_id) AND {OWN}"),
        OWN.to_owned(),
        format!("orders.id = items.product AND {OWN}"),
    ] {
        let sql = format!(
            "SELECT amount FROM items JOIN orders ON ({check}) AND {OWN} WHERE items.id = :id"
        );
        assert_eq!(query(&sql), "BF0560", "{sql}");
    }
    let sql = format!(
        "SELECT amount FROM items LEFT JOIN orders ON orders.id = items.order_id AND {OWN} WHERE items.id = :id"
    );
    assert_eq!(query(&sql), "BF0560", "{sql}");
    let sql = format!(
        "SELECT amount FROM items WHERE id = :id AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND {OWN})"
    );
    assert_eq!(query(&sql), "BF0560", "{sql}");
    let sql = format!(
        "SELECT amount FROM items WHERE id = :id AND order_id NOT IN (SELECT id FROM orders WHERE {OWN})"
    );
    assert_eq!(query(&sql), "BF0560", "{sql}");
}

#[test]
fn ids_of_their_own() {
    for sql in [
        format!(
            "SELECT amount FROM items JOIN orders o ON o.id = order_id WHERE items.id = :id AND {OWN}"
        ),
        format!(
            "SELECT amount FROM orders o, items i WHERE o.id = i.order_id AND i.id = :id AND {OWN}"
        ),
        format!(
            "SELECT amount FROM items WHERE id = :id AND order_id IN (SELECT id FROM orders WHERE {OWN})"
        ),
        format!(
            "SELECT amount FROM items WHERE id = :id AND EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND {OWN})"
        ),
        format!(
            "SELECT amount FROM items i WHERE i.order_id = :id AND EXISTS (SELECT 1 FROM orders o WHERE o.id = :id AND {OWN})"
        ),
        format!(
            "SELECT amount FROM items WHERE order_id = (SELECT id FROM orders WHERE id = :id AND {OWN})"
        ),
        format!(
            "WITH mine AS (SELECT id FROM orders WHERE {OWN}) SELECT amount FROM items JOIN mine ON mine.id = order_id WHERE items.id = :id"
        ),
        format!(
            "SELECT r.body FROM remarks r JOIN items i ON i.id = r.item JOIN orders o ON o.id = i.order_id WHERE r.id = :id AND {OWN}"
        ),
        format!(
            "SELECT body FROM remarks WHERE id = :id AND item IN (SELECT i.id FROM items i JOIN orders o ON o.id = i.order_id WHERE {OWN})"
        ),
        format!(
            "SELECT amount FROM lines JOIN orders o ON o.id = order_id WHERE lines.id = :id AND {OWN}"
        ),
        format!(
            "SELECT amount FROM items i LEFT JOIN orders o ON i.order_id = o.id WHERE i.id = :id AND {OWN}"
        ),
        "SELECT title FROM products WHERE id = :id".to_owned(),
        "SELECT body FROM remarks WHERE id = :id AND item IS NULL".to_owned(),
        "SELECT SUM(amount) AS n FROM items WHERE product = :id".to_owned(),
        "SELECT code FROM coupons WHERE code = :word".to_owned(),
        format!("SELECT code FROM orders WHERE id = :id AND {OWN}"),
        "SELECT title FROM products WHERE title LIKE :word || '%' AND id <> :id LIMIT 5".to_owned(),
    ] {
        assert_eq!(query(&sql), "", "{sql}");
    }
    let reason = action(
        "sql_query",
        "SELECT amount FROM items WHERE id = :id",
        "result_var: found\n    unscoped: \"amounts are public\"",
    ) + "- action.reply_template.v1: { when: found is empty, text: none, goto: end }\n";
    assert_eq!(bot(&flow(&reason), TABLES), "");
}

#[test]
fn changes_and_references() {
    for sql in [
        "UPDATE items SET amount = 2 WHERE id = :id",
        "DELETE FROM items WHERE id = :id",
        "INSERT INTO remarks (id, body) VALUES (:id, 'x') ON CONFLICT (id) DO UPDATE SET body = 'y'",
    ] {
        assert_eq!(exec(sql), "BF0560", "{sql}");
    }
    for sql in [
        "INSERT INTO items (order_id, product, amount) VALUES (:id, 1, 1)",
        "INSERT INTO items (order_id, product, amount) SELECT :id, id, 1 FROM products WHERE id = 1",
        "INSERT INTO payments (bot_id, user_id, order_id) VALUES (:bot_id, :user_id, :id)",
        "INSERT INTO payments (bot_id, user_id, order_id) VALUES (:bot_id, :user_id, ABS(:id))",
        "UPDATE payments SET order_id = :id WHERE bot_id = :bot_id AND user_id = :user_id",
        "INSERT INTO remarks (item, body) VALUES (:id, 'x')",
    ] {
        assert_eq!(exec(sql), "BF0561", "{sql}");
    }
    for sql in [
        format!("UPDATE items SET amount = 2 WHERE id = :id AND order_id IN (SELECT id FROM orders WHERE {OWN})"),
        format!("DELETE FROM items WHERE id = :id AND EXISTS (SELECT 1 FROM orders WHERE orders.id = items.order_id AND {OWN})"),
        format!("INSERT INTO items (order_id, product, amount) SELECT id, 1, 1 FROM orders WHERE id = :id AND {OWN}"),
        format!("INSERT INTO items (order_id, product, amount) SELECT :id, 1, 1 FROM orders WHERE id = :id AND {OWN}"),
        format!("INSERT INTO items (order_id, product, amount) SELECT :id, id, 1 FROM products WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = :id AND {OWN})"),
        "INSERT INTO orders (bot_id, user_id, code, state) VALUES (:bot_id, :user_id, COALESCE(:word, ''), 'new')".to_owned(),
        "INSERT INTO products (title, category) VALUES ('x', 'y')".to_owned(),
    ] {
        assert_eq!(exec(&sql), "", "{sql}");
    }
}

#[test]
fn values_pass_on() {
    let lookup = |own: &str| {
        action(
            "sql_query",
            &format!("SELECT id FROM orders WHERE id = :id{own}"),
            "result_var: own\n    scalar: true",
        )
    };
    let guard = "- action.reply_template.v1: { when: own is null, text: none, goto: end }\n";
    let store = |value: &str| {
        action(
            "sql_exec",
            &format!("INSERT INTO items (order_id, product, amount) VALUES (:{value}, 1, 1)"),
            "on_conflict: { reply: taken }",
        )
    };
    let owned = lookup(&format!(" AND {OWN}"));
    let said = |actions: String| bot(&flow(&actions), TABLES);
    // The result of an owner's lookup, and the id itself once it is known to be there.
    assert_eq!(said(format!("{owned}{guard}{}", store("own"))), "");
    assert_eq!(said(format!("{owned}{guard}{}", store("id"))), "");
    // Looked up, and never asked whether it was there.
    let unasked = "- action.reply_template.v1: { text: \"{{own | default: 0}}\" }\n";
    assert_eq!(said(format!("{owned}{unasked}{}", store("id"))), "BF0561");
    // A count decides as well.
    let counted = action(
        "sql_query",
        &format!("SELECT COUNT(*) AS n FROM orders WHERE id = :id AND {OWN}"),
        "result_var: own\n    scalar: true",
    );
    let zero = "- action.reply_template.v1: { when: own == 0, text: none, goto: end }\n";
    assert_eq!(said(format!("{counted}{zero}{}", store("id"))), "");
    // A lookup without an owner cleans nothing.
    let found = action(
        "sql_query",
        "SELECT order_id FROM coupons WHERE code = :word",
        "result_var: own\n    scalar: true",
    );
    let some = "- action.reply_template.v1: { when: own is null, text: none, goto: end }\n";
    assert_eq!(said(format!("{found}{some}{}", store("own"))), "BF0561");
    // By another name, and by arithmetic.
    let renamed = action(
        "sql_query",
        "SELECT amount FROM items WHERE id = :other",
        "params: { other: id + 1 }\n    result_var: own\n    scalar: true",
    );
    assert_eq!(said(format!("{renamed}{guard}")), "BF0560");
}

#[test]
fn answers_are_chosen_too() {
    let wizard = |step: &str, sql: &str| {
        bot(
            &format!(
                "botfactory: v1\nflows:\n  - flow.wizard.v1:\n      entry_cmd: /start\n      steps:\n        - {step}\n      \
                 on_complete:\n        - action.sql_query.v1: {{ sql: \"{sql}\", result_var: found, single: true }}\n        \
                 - action.reply_template.v1: {{ text: \"{{{{#if found}}}}yes{{{{/if}}}}.\" }}\n"
            ),
            TABLES,
        )
    };
    let typed = "{ ask: Which?, var: n, type: int }";
    assert_eq!(
        wizard(typed, "SELECT amount FROM items WHERE id = :n"),
        "BF0560"
    );
    assert_eq!(
        wizard(typed, "SELECT title FROM products WHERE id = :n"),
        ""
    );
    let chosen = "{ ask: Which?, var: n, type: choice, options: [{ text: A, value: a }, { text: B, value: b }] }";
    assert_eq!(
        wizard(
            chosen,
            "SELECT amount FROM items WHERE CAST(id AS TEXT) = :n ORDER BY id"
        ),
        ""
    );
}

//! A random spec of the old system. Every text has a word of its own, by which it is found again.

use serde_json::{Map, Value, json};

use super::random::Random;

/// A spec, texts of its keys (or null), and words that must not be lost.
pub struct Made {
    pub spec: Value,
    pub keys: Value,
    pub words: Vec<String>,
}

struct Maker<'a> {
    random: &'a mut Random,
    words: Vec<String>,
    commands: Vec<String>,
    keys: Vec<(String, Vec<String>)>,
    uses_keys: bool,
}

/// A column that every table has, its parameter's pattern, and how a statement writes the parameter.
const ANSWERS: &[(&str, Option<&str>, &[&str])] = &[
    (
        "service",
        Some("^(massage|spa|стрижка)$"),
        &[":service", "lower(:service)", "CAST(:service AS TEXT)"],
    ),
    (
        "slot",
        Some(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$"),
        &[
            ":slot",
            ":slot::timestamptz",
            "to_timestamp(:slot, 'YYYY-MM-DD HH24:MI')",
            "CAST(:slot AS timestamptz)",
        ],
    ),
    (
        "visit_date",
        Some(r"^\d{4}-\d{2}-\d{2}$"),
        &[
            ":visit_date",
            ":visit_date::date",
            "to_date(:visit_date, 'YYYY-MM-DD')",
        ],
    ),
    (
        "age",
        Some(r"^\d{1,3}$"),
        &[":age", ":age::int", "CAST(:age AS INTEGER)"],
    ),
    ("rating", Some("^[1-5]$"), &[":rating", ":rating::integer"]),
    ("phone", Some(r"^(\+7|8)\d{10}$"), &[":phone"]),
    (
        "email",
        Some(r"^[\w\.-]+@[\w\.-]+\.[a-z]{2,}$"),
        &[":email"],
    ),
    (
        "comment",
        None,
        &[
            ":comment",
            "NULLIF(:comment, '-')",
            "CASE WHEN :comment = 'нет' THEN NULL ELSE :comment END",
        ],
    ),
    ("address", Some(".{10,}"), &[":address", "trim(:address)"]),
    ("имя", Some("^[А-Яа-я ]+$"), &[":имя"]),
];

const TABLES: &[&str] = &[
    "bookings",
    "orders",
    "feedback",
    "public.visits",
    "\"order\"",
    "user_notes",
];

impl Maker<'_> {
    fn word(&mut self) -> String {
        let word = format!("слово{}z", self.words.len());
        self.words.push(word.clone());
        word
    }

    fn command(&mut self) -> String {
        let n = self.commands.len();
        let command = match self.random.next(12) {
            0 => format!("/Команда{n}"),
            1 => format!("/cmd-{n}"),
            2 => format!("cmd{n}"),
            _ => format!("/cmd{n}"),
        };
        self.commands.push(command.clone());
        command
    }

    fn target(&mut self) -> Value {
        match self.random.next(10) {
            0 => json!("raw_data:1"),
            1 => json!("/nowhere"),
            2 => json!("https://example.org/?a=1&b=2"),
            3 => json!("/start arg"),
            _ => {
                let n = self.random.next(self.commands.len());
                json!(self.commands.get(n).cloned().unwrap_or("/start".into()))
            }
        }
    }

    /// A text that knows `values` and `lists` of columns.
    fn text(&mut self, values: &[String], lists: &[(String, Vec<String>)]) -> String {
        if self.uses_keys && self.random.once_in(5) {
            return self.key(values);
        }
        let mut text = String::new();
        for _ in 0..=self.random.next(4) {
            let word = self.word();
            let piece = match self.random.next(14) {
                0 => format!("<b>{word}</b> "),
                1 => format!("{word} & < > 1 "),
                2 => format!("{word}\\n\\n"),
                3 => format!("{word}\n"),
                4 => format!("{{{{unknown}}}} {word} "),
                5 => format!("🎉 {word}: \"x\" 'y' # - | "),
                6 if !values.is_empty() => {
                    let name = &values[self.random.next(values.len())];
                    format!("{word} {{{{#if {name}}}}}да {{{{{name}}}}}{{{{else}}}}нет{{{{/if}}}} ")
                }
                7..=9 if !values.is_empty() => {
                    let name = &values[self.random.next(values.len())];
                    format!("{word} {{{{{name}}}}} ")
                }
                10..=12 if !lists.is_empty() => {
                    let (list, columns) = lists[self.random.next(lists.len())].clone();
                    let columns: String = columns.iter().map(|c| format!(" {{{{{c}}}}}")).collect();
                    format!("\n{{{{#each {list}}}}}• {word}{columns}\n{{{{/each}}}}")
                }
                _ => format!("{word} "),
            };
            text.push_str(&piece);
        }
        text
    }

    fn key(&mut self, values: &[String]) -> String {
        let n = self.keys.len();
        let name = match self.random.next(4) {
            0 => format!("menu.title{n}"),
            _ => format!("key_{n}"),
        };
        let args: Vec<String> = values.iter().take(self.random.next(3)).cloned().collect();
        let given: Vec<String> = args.iter().map(|a| format!("{a}={{{{{a}}}}}")).collect();
        self.keys.push((name.clone(), args));
        match given.is_empty() {
            true => format!("t:{name}"),
            false => format!("t:{name} {{{}}}", given.join(", ")),
        }
    }

    fn button(&mut self) -> Value {
        let word = self.word();
        let text = match self.random.next(8) {
            0 => format!("<b>{word}</b>"),
            1 => format!("{word} {{{{x}}}}"),
            2 if self.uses_keys => self.key(&[]),
            _ => word.clone(),
        };
        let callback = self.target();
        json!({"text": text, "callback": callback, "note": word})
    }

    fn keyboard(&mut self) -> Value {
        let rows = self.random.next(4);
        let row = |maker: &mut Self| match maker.random.next(3) {
            0 => {
                let count = 1 + maker.random.next(3);
                Value::Array((0..count).map(|_| maker.button()).collect())
            }
            _ => maker.button(),
        };
        Value::Array((0..rows).map(|_| row(self)).collect())
    }

    fn reply(&mut self, values: &[String], lists: &[(String, Vec<String>)]) -> Value {
        let mut params = Map::new();
        params.insert("text".into(), json!(self.text(values, lists)));
        if self.random.once_in(3) {
            params.insert("empty_text".into(), json!(self.text(values, &[])));
        }
        if self.random.once_in(2) {
            params.insert("keyboard".into(), self.keyboard());
        }
        match self.random.next(8) {
            0 => drop(params.insert("parse_mode".into(), json!("MarkdownV2"))),
            1 => drop(params.insert("parse_mode".into(), json!("HTML"))),
            2 => drop(params.insert("parse_mode".into(), json!("Markdown"))),
            _ => {}
        }
        if self.random.once_in(8) {
            params.insert("llm_improve".into(), json!(true));
            let word = self.word();
            params.insert("llm_style".into(), json!(word));
        }
        self.action("action.reply_template.v1", Value::Object(params))
    }

    fn action(&mut self, block: &str, params: Value) -> Value {
        match self.random.next(3) {
            0 => json!({block: params}),
            _ => json!({"type": block, "params": params}),
        }
    }

    fn limit(&mut self, values: &[String]) -> Value {
        let mut params = Map::new();
        params.insert(
            "scope".into(),
            json!(self.random.of(&["user", "chat", "bot"])),
        );
        params.insert("window_s".into(), json!(1 + self.random.next(4000)));
        if !self.random.once_in(4) {
            params.insert("allowance".into(), json!(1 + self.random.next(20)));
        }
        if self.random.once_in(2) {
            let suffix = match values.first() {
                Some(name) => format!("step:{{{{{name}}}}}"),
                None => "{{entry_cmd}}".into(),
            };
            params.insert("key_suffix".into(), json!(suffix));
        }
        if self.random.once_in(2) {
            let word = self.word();
            params.insert(
                "message".into(),
                json!(format!("{word}: {{{{retry_in}}}} сек")),
            );
        }
        self.action("policy.ratelimit.v1", Value::Object(params))
    }

    fn broadcast(&mut self) -> Value {
        let word = self.word();
        let params = json!({"audience": "all", "message": word, "throttle": {"per_sec": 20}});
        self.action("ops.broadcast.v1", params)
    }

    fn table(&mut self) -> &'static str {
        self.random.of(TABLES)
    }

    fn insert(&mut self, answers: &[usize]) -> Value {
        let table = self.table();
        let (mut columns, mut values) = (vec!["bot_id", "user_id"], vec![":bot_id", ":user_id"]);
        for answer in answers {
            let (column, _, forms) = ANSWERS[*answer];
            columns.push(if column == "имя" { "name" } else { column });
            values.push(self.random.of(forms));
        }
        if self.random.once_in(2) {
            columns.push("created_at");
            values.push(self.random.of(&["NOW()", "now()", "CURRENT_TIMESTAMP"]));
        }
        let end = self
            .random
            .of(&["", ";", " RETURNING id", " ON CONFLICT DO NOTHING"]);
        let sql = format!(
            "INSERT INTO {table}({}) VALUES({}){end}",
            columns.join(", "),
            values.join(", ")
        );
        self.action("action.sql_exec.v1", json!({"sql": sql}))
    }

    fn change(&mut self, answers: &[usize]) -> Value {
        let table = self.table();
        let set = answers
            .first()
            .map(|a| ANSWERS[*a])
            .filter(|(c, ..)| *c != "имя");
        let sql = match (self.random.next(3), set) {
            (0, Some((column, _, forms))) => format!(
                "UPDATE {table} SET {column} = {}, updated_at = NOW() WHERE bot_id=:bot_id AND user_id=:user_id",
                forms[0]
            ),
            (1, _) => format!(
                "DELETE FROM {table} WHERE bot_id=:bot_id AND created_at < NOW() - INTERVAL '7 days'"
            ),
            _ => format!(
                "DELETE FROM {table} WHERE bot_id=:bot_id AND user_id=:user_id AND id = (SELECT id FROM {table} WHERE bot_id=:bot_id AND user_id=:user_id ORDER BY created_at DESC LIMIT 1)"
            ),
        };
        self.action("action.sql_exec.v1", json!({"sql": sql}))
    }

    /// A query, the variable it defines, and its columns (none for a value).
    fn query(&mut self, n: usize) -> (Value, String, Option<Vec<String>>) {
        let table = self.table();
        let name = format!("rows{n}");
        let owner = "bot_id=:bot_id AND user_id=:user_id";
        let end = self.random.of(&["", " LIMIT 5", " LIMIT 10;", ";"]);
        let cols = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        let (sql, columns, shape) = match self.random.next(9) {
            0 => (
                format!("SELECT COUNT(*) AS total FROM {table} WHERE bot_id=:bot_id"),
                None,
                "scalar",
            ),
            1 => (
                format!(
                    "SELECT service FROM {table} WHERE {owner} ORDER BY created_at DESC LIMIT 1"
                ),
                None,
                "scalar",
            ),
            2 => (
                format!(
                    "SELECT id, service, to_char(slot,'YYYY-MM-DD HH24:MI') AS t FROM {table} WHERE {owner} ORDER BY slot DESC{end}"
                ),
                cols(&["id", "service", "t"]),
                "",
            ),
            3 => (
                format!(
                    "SELECT service, COUNT(*) AS count, AVG(rating) AS mean FROM {table} WHERE {owner} GROUP BY service ORDER BY count DESC{end}"
                ),
                cols(&["service", "count", "mean"]),
                "",
            ),
            4 => (
                format!("SELECT * FROM {table} WHERE {owner} AND slot > NOW(){end}"),
                cols(&["id", "service", "slot"]),
                "",
            ),
            5 => (
                format!(
                    "SELECT service, comment, slot, created_at FROM {table} WHERE {owner} AND service ILIKE '%a%' AND comment IS NOT NULL{end}"
                ),
                cols(&["service", "comment", "slot", "created_at"]),
                "",
            ),
            6 => (
                format!(
                    "SELECT DISTINCT service FROM {table} WHERE {owner} AND created_at >= NOW() - INTERVAL '30 days'"
                ),
                cols(&[]),
                "flatten",
            ),
            7 => (
                format!(
                    "WITH r AS (SELECT service, rating FROM {table} WHERE {owner}) SELECT service AS s, COALESCE(rating, 0) AS r FROM r{end}"
                ),
                cols(&["s", "r"]),
                "",
            ),
            _ => (
                format!(
                    "SELECT a.id, b.comment AS note FROM {table} a LEFT JOIN user_notes b ON b.id = a.id AND b.bot_id=:bot_id AND b.user_id=:user_id WHERE a.bot_id=:bot_id AND a.user_id=:user_id{end}"
                ),
                cols(&["id", "note"]),
                "",
            ),
        };
        let mut params = json!({"sql": sql, "result_var": name});
        if !shape.is_empty() {
            params[shape] = json!(true);
        }
        (self.action("action.sql_query.v1", params), name, columns)
    }

    /// Queries and a reply.
    fn load(
        &mut self,
        values: &mut Vec<String>,
        lists: &mut Vec<(String, Vec<String>)>,
    ) -> Vec<Value> {
        let mut actions = Vec::new();
        for n in 0..self.random.next(3) {
            let n = n + 10 * lists.len() + 100 * values.len();
            let (action, name, columns) = self.query(n);
            actions.push(action);
            match columns {
                Some(columns) => lists.push((name, columns)),
                None => values.push(name),
            }
        }
        actions
    }

    fn step(&mut self, answer: usize) -> Value {
        let (var, pattern, _) = ANSWERS[answer];
        let mut step = Map::new();
        step.insert("ask".into(), json!(self.text(&[], &[])));
        step.insert("var".into(), json!(var));
        if let Some(pattern) = pattern.filter(|_| !self.random.once_in(5)) {
            let doubled = pattern.replace('\\', r"\\");
            let pattern = if self.random.once_in(5) {
                doubled
            } else {
                pattern.to_owned()
            };
            match self.random.next(3) {
                0 => drop(step.insert("validate_regex".into(), json!(pattern))),
                1 => drop(step.insert("validate".into(), json!({"regex": pattern}))),
                _ => {
                    let msg = self.text(&[], &[]);
                    step.insert("validate".into(), json!({"regex": pattern, "msg": msg}));
                }
            }
        }
        Value::Object(step)
    }

    fn calendar(&mut self, answer: usize) -> Value {
        let (var, ..) = ANSWERS[answer];
        let word = self.word();
        let mut params =
            json!({"title": word, "mode": if var == "slot" { "datetime" } else { "date" }});
        if self.random.once_in(2) {
            params["min"] = json!("2025-01-01");
        }
        if self.random.once_in(2) {
            params["max"] = json!("2031-12-31");
        }
        if self.random.once_in(3) {
            params["tz"] = json!("Europe/Moscow");
        }
        if self.random.once_in(2) {
            params["var"] = json!(var);
            json!({"widget": {"type": "widget.calendar.v1", "params": params}})
        } else {
            json!({"widget": {"type": "widget.calendar.v1", "params": params}, "var": var})
        }
    }

    fn pages(&mut self, lists: &[(String, Vec<String>)], n: usize) -> (Value, String) {
        let (title, empty) = (self.word(), self.word());
        let var = format!("picked{n}");
        let list = lists.iter().find(|(_, c)| c.iter().any(|c| c == "id"));
        let (source, item) = match list {
            Some((list, columns)) if self.random.once_in(2) => (
                json!({"type": "ctx", "ctx_var": list}),
                format!("{{{{{}}}}}", columns[1]),
            ),
            _ => (
                json!({"type": "sql", "sql": format!("SELECT id, title, price FROM {} WHERE bot_id=:bot_id AND user_id=:user_id ORDER BY title LIMIT :limit OFFSET :offset", self.table())}),
                "{{title}} — {{price}}".to_owned(),
            ),
        };
        let mut params = json!({"source": source, "page_size": 1 + self.random.next(9), "item_template": item, "id_field": "id", "select_callback": "/x", "title": title, "empty_text": empty});
        if self.random.once_in(3) {
            params["extra_keyboard"] = json!([self.button()]);
        }
        (
            json!({"widget": {"type": "widget.pagination.v1", "params": params}, "var": var}),
            var,
        )
    }

    fn wizard(&mut self) -> Map<String, Value> {
        let (mut values, mut lists) = (Vec::new(), Vec::new());
        let mut flow = Map::new();
        let mut on_enter = Vec::new();
        if self.random.once_in(3) {
            on_enter.push(self.limit(&[]));
        }
        if self.random.once_in(2) {
            on_enter.extend(self.load(&mut values, &mut lists));
        }
        if self.random.once_in(4) {
            on_enter.push(self.reply(&values, &lists));
        }
        let mut answers: Vec<usize> = Vec::new();
        let mut steps = Vec::new();
        let mut picked = Vec::new();
        for n in 0..self.random.next(4) {
            let answer = self.random.next(ANSWERS.len());
            if answers.contains(&answer) {
                continue;
            }
            match ANSWERS[answer].0 {
                "slot" | "visit_date" if self.random.once_in(2) => {
                    steps.push(self.calendar(answer));
                    answers.push(answer);
                }
                _ if self.random.once_in(6) => {
                    let (step, var) = self.pages(&lists, n);
                    steps.push(step);
                    picked.push(var);
                }
                _ => {
                    steps.push(self.step(answer));
                    answers.push(answer);
                }
            }
        }
        let first = answers.first().map(|a| ANSWERS[*a].0.to_owned());
        if self.random.once_in(4) {
            let known: Vec<String> = first.into_iter().collect();
            flow.insert("on_step".into(), json!([self.limit(&known)]));
        }
        values.extend(answers.iter().map(|a| ANSWERS[*a].0.to_owned()));
        values.extend(picked);
        let mut on_complete = Vec::new();
        if self.random.once_in(2) {
            on_complete.push(self.insert(&answers));
        }
        if self.random.once_in(4) {
            on_complete.push(self.change(&answers));
        }
        if self.random.once_in(3) {
            on_complete.extend(self.load(&mut values, &mut lists));
        }
        if self.random.once_in(6) {
            on_complete.push(self.broadcast());
        }
        if !self.random.once_in(5) {
            on_complete.push(self.reply(&values, &lists));
        }
        for (name, list) in [
            ("on_enter", on_enter),
            ("steps", steps),
            ("on_complete", on_complete),
        ] {
            if !list.is_empty() || self.random.once_in(3) {
                flow.insert(name.into(), Value::Array(list));
            }
        }
        if self.random.once_in(3) {
            flow.insert("ttl_sec".into(), json!(60 * (1 + self.random.next(3000))));
        }
        flow
    }

    /// A flow in one of its spellings, and the section it stands in.
    fn flow(&mut self) -> (&'static str, Value) {
        let cmd = self.command();
        let (kind, section, mut params) = match self.random.next(6) {
            0 => {
                let mut params = Map::new();
                params.insert("title".into(), json!(self.text(&[], &[])));
                let options: Vec<Value> = (0..self.random.next(5)).map(|_| self.button()).collect();
                params.insert("options".into(), json!(options));
                ("flow.menu.v1", "menu_flows", params)
            }
            1 => {
                let steps: Vec<Value> = (0..=self.random.next(2))
                    .map(|_| json!({"reply": self.text(&[], &[])}))
                    .collect();
                return ("flows", json!({"entry_cmd": cmd, "steps": steps}));
            }
            2 => {
                let (mut values, mut lists) = (Vec::new(), Vec::new());
                let mut actions = self.load(&mut values, &mut lists);
                actions.push(self.reply(&values, &lists));
                let params = Map::from_iter([("on_enter".to_owned(), json!(actions))]);
                ("flow.generic.v1", "flows", params)
            }
            _ => ("flow.wizard.v1", "wizard_flows", self.wizard()),
        };
        match self.random.next(4) {
            // Untyped, where it stands says what it is.
            0 => {
                params.insert("entry_cmd".into(), json!(cmd));
                let section = if kind == "flow.menu.v1" {
                    section
                } else {
                    "flows"
                };
                (section, Value::Object(params))
            }
            1 => (
                section,
                json!({"type": kind, "entry_cmd": cmd, "params": params}),
            ),
            _ => (
                "flows",
                json!({"type": kind, "entry_cmd": cmd, "params": params}),
            ),
        }
    }
}

/// A spec of a few flows and intents.
pub fn spec(random: &mut Random) -> Made {
    let uses_keys = random.once_in(3);
    let mut maker = Maker {
        random,
        words: Vec::new(),
        commands: Vec::new(),
        keys: Vec::new(),
        uses_keys,
    };
    let mut spec = Map::new();
    let mut intents = Vec::new();
    for _ in 0..maker.random.next(4) {
        let mut intent = json!({"cmd": maker.command(), "reply": maker.text(&[], &[])});
        if maker.random.once_in(4) {
            intent["keyboard"] = maker.keyboard();
        }
        if maker.random.once_in(4) {
            let word = maker.word();
            intent["description"] = json!(word);
        }
        intents.push(intent);
    }
    spec.insert("intents".into(), json!(intents));
    for _ in 0..=maker.random.next(5) {
        let (section, flow) = maker.flow();
        let list = spec.entry(section).or_insert(json!([]));
        list.as_array_mut().expect("a list").push(flow);
    }
    if maker.random.once_in(5) {
        let word = maker.word();
        spec.insert("comment".into(), json!({"by": word}));
    }
    spec.insert("use".into(), json!(["flow.menu.v1"]));
    let mut keys = Value::Null;
    if uses_keys {
        spec.insert("i18n".into(), json!({"default_locale": "ru", "supported": ["ru", "en"], "strategy": maker.random.of(&["user", "chat", "bot"]), "autoload_keys": true}));
        let mut all = json!({"ru": {}, "en": {}});
        for (key, args) in std::mem::take(&mut maker.keys) {
            for locale in ["ru", "en"] {
                if maker.random.once_in(6) {
                    continue;
                }
                let word = maker.word();
                let args: String = args.iter().map(|a| format!(" {{{a}}}")).collect();
                let text = match maker.random.next(6) {
                    0 => format!("<b>{word}</b>{args}"),
                    1 => format!("{word}\n* {word} & x\n\n  [y]{args}"),
                    2 => format!("{word} {{nobody}}{args}"),
                    3 => format!("{word}\\n\"quoted\" < {args}"),
                    _ => format!("{word}{args}"),
                };
                all[locale][&key] = json!(text);
            }
        }
        // At least one, so that the file is one of keys.
        let word = maker.word();
        all["ru"]["unused"] = json!(word);
        keys = all;
    }
    Made {
        spec: Value::Object(spec),
        keys,
        words: maker.words,
    }
}

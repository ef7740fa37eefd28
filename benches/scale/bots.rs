//! Bots of any size: menus, wizards of five steps, lists; three statements a flow, texts in two languages.
//! The same size gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Files of a bot's folder, by path.
pub type Files = BTreeMap<String, String>;

/// Flows that share a file and a table.
const GROUP: usize = 10;
/// Telegram lists at most a hundred commands.
const LISTED: usize = 100;

/// A bot with `flows` flows and three times as many statements.
pub fn bot(flows: usize) -> Files {
    let mut files = Files::new();
    files.insert(
        "bot.yaml".to_owned(),
        "botfactory: v1\nname: Scale\ntz: Europe/Berlin\ni18n.fluent.v1: { default_locale: en, locales: [en, ru], strategy: user }\n\nintents:\n  - { cmd: /help, description: \"t:cmd-help\", reply: \"t:help\" }\n"
            .to_owned(),
    );
    let mut en =
        String::from("cmd-help = Help\ncmd-lang = Language\nhelp = Choose from the menu.\n");
    let mut ru = String::from("cmd-help = Помощь\ncmd-lang = Язык\nhelp = Выберите в меню.\n");
    let mut tables = String::new();
    for group in 0..flows.div_ceil(GROUP) {
        let mut yaml = String::from("flows:\n");
        if group == 0 {
            yaml.push_str("  - flow.generic.v1:\n      entry_cmd: /lang\n      description: \"t:cmd-lang\"\n      on_enter:\n        - action.set_locale.v1: {}\n");
        }
        for n in group * GROUP..flows.min((group + 1) * GROUP) {
            let flow = Flow {
                n,
                flows,
                table: format!("things{group}"),
            };
            flow.write(&mut yaml);
            flow.words(&mut en, &EN);
            flow.words(&mut ru, &RU);
        }
        files.insert(format!("flows/f{group:03}.yaml"), yaml);
        let _ = write!(
            tables,
            "CREATE TABLE things{group} (\n  id BIGSERIAL PRIMARY KEY,\n  bot_id TEXT NOT NULL,\n  user_id BIGINT NOT NULL,\n  title TEXT NOT NULL,\n  amount INTEGER NOT NULL,\n  kind TEXT NOT NULL,\n  day DATE NOT NULL,\n  note TEXT\n);\nCREATE INDEX things{group}_owner ON things{group} (bot_id, user_id);\n"
        );
    }
    files.insert("locales/en.ftl".to_owned(), en);
    files.insert("locales/ru.ftl".to_owned(), ru);
    files.insert("migrations/0001_tables.sql".to_owned(), tables);
    files
}

struct Flow {
    n: usize,
    flows: usize,
    table: String,
}

struct Words {
    title: &'static str,
    button: &'static str,
    name: &'static str,
    amount: &'static str,
    kind: &'static str,
    kinds: [&'static str; 3],
    day: &'static str,
    note: &'static str,
    done: &'static str,
    list: &'static str,
    none: &'static str,
    plural: &'static str,
}

const EN: Words = Words {
    title: "What would you like to do, { $name }?",
    button: "Go to",
    name: "What shall it be called?",
    amount: "How many?",
    kind: "Which kind?",
    kinds: ["Small", "Medium", "Large"],
    day: "For which day?",
    note: "Anything else that we should know?",
    done: "Noted: <b>{ $title }</b> ({ $amount }) under number { $id }.",
    list: "What you have:",
    none: "There is nothing yet.",
    plural: "{ $n ->\n    [one] One thing so far.\n   *[other] { $n } things so far.\n }",
};

const RU: Words = Words {
    title: "Что вы хотите сделать, { $name }?",
    button: "Перейти к",
    name: "Как это назвать?",
    amount: "Сколько?",
    kind: "Какой вид?",
    kinds: ["Малый", "Средний", "Большой"],
    day: "На какой день?",
    note: "Что ещё нам следует знать?",
    done: "Записано: <b>{ $title }</b> ({ $amount }) под номером { $id }.",
    list: "Что у вас есть:",
    none: "Пока ничего нет.",
    plural: "{ $n ->\n    [one] Пока { $n } вещь.\n    [few] Пока { $n } вещи.\n    [many] Пока { $n } вещей.\n   *[other] Пока { $n } вещи.\n }",
};

impl Flow {
    /// One menu, two wizards and two lists, again and again.
    fn write(&self, yaml: &mut String) {
        match self.n % 5 {
            0 => self.menu(yaml),
            1 | 3 => self.wizard(yaml),
            _ => self.list(yaml),
        }
    }

    fn command(n: usize) -> String {
        match n {
            0 => "start".to_owned(),
            n => format!("{}{n}", ["menu", "order", "list", "note", "seen"][n % 5]),
        }
    }

    fn head(&self, yaml: &mut String, kind: &str) {
        let n = self.n;
        let _ = writeln!(
            yaml,
            "  - flow.{kind}.v1:\n      entry_cmd: /{}",
            Self::command(n)
        );
        // Two are taken by `/help` and `/lang`.
        if n + 2 < LISTED {
            let _ = writeln!(yaml, "      description: \"t:c{n}\"");
        }
    }

    fn count(&self, yaml: &mut String, var: &str, condition: &str) {
        let table = &self.table;
        let _ = write!(
            yaml,
            "        - action.sql_query.v1:\n            sql: SELECT count(*) AS n FROM {table} WHERE bot_id = :bot_id AND user_id = :user_id{condition}\n            result_var: {var}\n            scalar: true\n"
        );
    }

    fn menu(&self, yaml: &mut String) {
        let n = self.n;
        self.head(yaml, "menu");
        yaml.push_str("      on_enter:\n");
        self.count(yaml, "total", "");
        self.count(yaml, "large", " AND kind = 'large'");
        self.count(yaml, "noted", " AND note IS NOT NULL");
        let _ = write!(
            yaml,
            "        - action.reply_template.v1: {{ when: total > 0 and large + noted > 0, text: \"t:p{n} {{n=total}}\" }}\n      title: \"t:t{n} {{name=user.first_name}}\"\n      options:\n"
        );
        for next in (n + 1..=n + 5).map(|next| next % self.flows) {
            let _ = writeln!(
                yaml,
                "        - {{ text: \"{{{{t:b{n}}}}} {next}\", callback: /{} }}",
                Self::command(next)
            );
        }
    }

    fn wizard(&self, yaml: &mut String) {
        let (n, table) = (self.n, &self.table);
        self.head(yaml, "wizard");
        yaml.push_str("      ttl: 24h\n      on_enter:\n");
        self.count(yaml, "before", "");
        let _ = write!(
            yaml,
            r#"      steps:
        - {{ ask: "t:n{n}", var: title, max: 80 }}
        - {{ ask: "t:a{n}", var: amount, type: int, min: 1, max: 1000 }}
        - ask: "t:k{n}"
          var: kind
          type: choice
          options: [{{ text: "t:k{n}.small", value: small }}, {{ text: "t:k{n}.medium", value: medium }}, {{ text: "t:k{n}.large", value: large }}]
        - {{ ask: "t:d{n}", var: day, type: date }}
        - {{ ask: "t:o{n}", var: note, optional: true, max: 200 }}
      on_complete:
        - action.sql_exec.v1:
            sql: |
              INSERT INTO {table} (bot_id, user_id, title, amount, kind, day, note)
              VALUES (:bot_id, :user_id, :title, :amount, :kind, :day, :note) RETURNING id
            result_var: number
            scalar: true
        - action.sql_query.v1:
            sql: |
              SELECT title, amount, day FROM {table}
              WHERE bot_id = :bot_id AND user_id = :user_id AND kind = :kind
              ORDER BY id DESC LIMIT 5
            result_var: same
        - action.reply_template.v1: {{ text: "t:r{n} {{title=title, amount=amount, id=number}}" }}
        - action.reply_template.v1:
            when: before > 0
            text: |
              {{{{t:p{n} {{n=before}}}}}}
              {{{{#each same as s}}}}
              • {{{{s.title | truncate: 40}}}} — {{{{s.amount}}}}, {{{{s.day | date: 'd MMMM'}}}}
              {{{{/each}}}}
"#
        );
    }

    fn list(&self, yaml: &mut String) {
        let (n, table) = (self.n, &self.table);
        self.head(yaml, "generic");
        yaml.push_str("      on_enter:\n");
        self.count(yaml, "total", "");
        let _ = write!(
            yaml,
            r#"        - action.sql_query.v1:
            sql: SELECT max(amount) AS most FROM {table} WHERE bot_id = :bot_id AND user_id = :user_id
            result_var: most
            scalar: true
        - action.sql_query.v1:
            sql: SELECT id, title, amount, kind, day, note FROM {table} WHERE bot_id = :bot_id AND user_id = :user_id ORDER BY day, id LIMIT 20
            result_var: things
        - action.reply_template.v1: {{ when: most is not null, text: "t:p{n} {{n=total}}" }}
        - action.reply_template.v1:
            text: |
              {{{{t:l{n}}}}}
              {{{{#each things}}}}
              {{{{@index}}}}. <b>{{{{title | truncate: 60}}}}</b> × {{{{amount}}}} ({{{{kind}}}}), {{{{day | date: 'd MMM y'}}}}{{{{#if note is not null}}}} — {{{{note | truncate: 40}}}}{{{{/if}}}}
              {{{{/each}}}}
            empty_text: "t:e{n}"
            keyboard:
              - {{ text: "{{{{t:b{n}}}}} 0", callback: /start }}
"#
        );
    }

    fn words(&self, ftl: &mut String, words: &Words) {
        let n = self.n;
        if n + 2 < LISTED {
            let _ = writeln!(ftl, "c{n} = {} {n}", words.button);
        }
        let _ = writeln!(ftl, "p{n} = {}", words.plural);
        let own = match n % 5 {
            0 => format!("t{n} = {}\nb{n} = {}\n", words.title, words.button),
            1 | 3 => format!(
                "n{n} = {}\na{n} = {}\nk{n} = {}\n    .small = {}\n    .medium = {}\n    .large = {}\nd{n} = {}\no{n} = {}\nr{n} = {}\n",
                words.name,
                words.amount,
                words.kind,
                words.kinds[0],
                words.kinds[1],
                words.kinds[2],
                words.day,
                words.note,
                words.done
            ),
            _ => format!(
                "l{n} = {}\ne{n} = {}\nb{n} = {}\n",
                words.list, words.none, words.button
            ),
        };
        ftl.push_str(&own);
    }
}

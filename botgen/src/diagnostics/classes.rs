//! The mistakes that the field's other tools and Telegram's own rules know, and our answer to each. From it comes
//! `docs/error-classes.md`.

use super::codes;

/// A class of mistakes.
#[derive(Debug)]
pub struct Class {
    /// `F01`; the numbers have gaps between the groups.
    pub id: &'static str,
    /// What goes wrong.
    pub title: &'static str,
    /// The codes that find it; empty where it cannot happen.
    pub codes: &'static [&'static str],
    /// What else there is to say: why it cannot happen, what the rest of it is.
    pub note: &'static str,
}

const fn found(id: &'static str, title: &'static str, codes: &'static [&'static str]) -> Class {
    partly(id, title, codes, "")
}

const fn partly(
    id: &'static str,
    title: &'static str,
    codes: &'static [&'static str],
    note: &'static str,
) -> Class {
    Class {
        id,
        title,
        codes,
        note,
    }
}

const fn never(id: &'static str, title: &'static str, note: &'static str) -> Class {
    partly(id, title, &[], note)
}

/// The groups: the first class of each and its name.
pub const GROUPS: [(&str, &str); 6] = [
    ("F01", "Routing"),
    ("F10", "Conversation"),
    ("F21", "Messages"),
    ("F40", "Translations"),
    ("F50", "Data"),
    ("F60", "Effects and operation"),
];

/// Every class, in order.
pub static CLASSES: &[Class] = &[
    found(
        "F01",
        "a step, an action or a command that nobody reaches",
        &["BF0301", "BF0302", "BF0303", "BF0246"],
    ),
    found(
        "F02",
        "a trigger that an earlier one always takes",
        &["BF0202", "BF0204", "BF0317", "BF0438"],
    ),
    found("F03", "two triggers for one input", &["BF0202", "BF0437"]),
    found(
        "F04",
        "a command that Telegram does not take or list",
        &["BF0111", "BF0203", "BF0247", "BF0630"],
    ),
    partly(
        "F05",
        "nothing answers `/start`, or a text that nobody waits for",
        &["BF0240"],
        "a text that nothing waits for is always answered: by `fallback`, else by the runtime's `bf-unknown`",
    ),
    never(
        "F06",
        "a trigger for updates that the bot does not ask for",
        "triggers are commands, answers and buttons; the runtime asks Telegram for just their updates",
    ),
    never(
        "F07",
        "a group feature without the right or mode it needs",
        "commands and buttons arrive in every mode; privacy mode and rights are settings in Telegram, not in a bot's folder",
    ),
    never(
        "F08",
        "a button that works in private chats only, shown in a group",
        "the language has no such button (`web_app`)",
    ),
    partly(
        "F10",
        "a step that one cannot leave",
        &["BF0304"],
        "`/cancel` always works, and a wizard forgets itself after its `ttl`",
    ),
    found(
        "F11",
        "a button that leads nowhere",
        &["BF0201", "BF0205", "BF0206", "BF0216", "BF0802"],
    ),
    found("F12", "a `goto` to a step that does not exist", &["BF0210"]),
    partly(
        "F13",
        "a loop that asks nothing",
        &["BF0304", "BF0319"],
        "a `goto` leads to a step, and a step asks: a loop without a question cannot be written",
    ),
    never(
        "F14",
        "two wizards wait for one answer",
        "an update has exactly one conversation, and that at most one wizard: a second one replaces it and says so",
    ),
    found(
        "F15",
        "a value that is read before it is there",
        &["BF0711"],
    ),
    found(
        "F16",
        "a value of a type or range that its place does not take",
        &[
            "BF0214", "BF0215", "BF0310", "BF0312", "BF0532", "BF0534", "BF0715", "BF0719",
        ],
    ),
    found(
        "F17",
        "a condition that is always or never true",
        &["BF0113", "BF0302", "BF0316", "BF0573", "BF0720"],
    ),
    partly(
        "F18",
        "a time limit that leads nowhere",
        &["BF0636"],
        "after its `ttl` a wizard is gone and every command works as before",
    ),
    never(
        "F19",
        "an interruption without a way back",
        "a command that only replies leaves the wizard waiting where it was; one that begins another says so",
    ),
    never(
        "F20",
        "an update without the person or chat that its state belongs to",
        "`scope` stands once in bot.yaml; updates without a person (channel posts) reach no handler",
    ),
    found(
        "F21",
        "a text beyond Telegram's length",
        &["BF0601", "BF0602", "BF0603", "BF0604", "BF0605", "BF0639"],
    ),
    found(
        "F22",
        "markup that Telegram refuses",
        &["BF0430", "BF0431", "BF0442"],
    ),
    partly(
        "F23",
        "a value that is read as markup",
        &["BF0435"],
        "every value is escaped for where it stands and never read again",
    ),
    found(
        "F24",
        "more formatted places than Telegram shows",
        &["BF0608"],
    ),
    found(
        "F25",
        "too many buttons, too long a row, an empty row",
        &["BF0110", "BF0631", "BF0632"],
    ),
    found(
        "F26",
        "a button's payload beyond 64 bytes",
        &["BF0633", "BF0634"],
    ),
    partly(
        "F27",
        "a button that does two things or none",
        &["BF0108", "BF0102"],
        "the language has no payments",
    ),
    never(
        "F28",
        "two kinds of keyboard under one message",
        "`keyboard` and `options` are inline; the runtime's own keyboards stand on its own messages",
    ),
    never(
        "F29",
        "an edit that changes nothing, or text into media",
        "`edit` writes text over text, and \"not modified\" counts as done",
    ),
    never(
        "F30",
        "an album of the wrong size or kinds",
        "the language sends no albums",
    ),
    never(
        "F31",
        "a poll or invoice beyond its bounds",
        "the language sends neither",
    ),
    never(
        "F32",
        "a press that is not answered in time",
        "the runtime answers every press; nothing slow can stand before it",
    ),
    never(
        "F33",
        "a payment that is not confirmed in time",
        "the language has no payments",
    ),
    partly(
        "F34",
        "a deep link whose payload Telegram refuses",
        &["BF0215", "BF0611", "BF0635"],
        "payloads of `/start` are decoded by the types of `args`",
    ),
    found(
        "F40",
        "a translation that is missing or unused",
        &["BF0410", "BF0411", "BF0415", "BF0439", "BF0441"],
    ),
    found(
        "F41",
        "a variable of a translation that is missing, unused or left out",
        &["BF0412", "BF0413", "BF0425", "BF0426", "BF0429"],
    ),
    found(
        "F42",
        "a variable of a translation of the wrong type",
        &["BF0414", "BF0427"],
    ),
    found(
        "F43",
        "a plural form that a language has and a translation lacks",
        &["BF0422", "BF0423", "BF0428"],
    ),
    found("F44", "markup that differs between languages", &["BF0436"]),
    found(
        "F45",
        "two answers that read alike in one language",
        &["BF0437", "BF0440"],
    ),
    found(
        "F46",
        "a language without its texts",
        &["BF0223", "BF0224", "BF0411", "BF0421"],
    ),
    found(
        "F50",
        "a table, column or parameter that does not exist",
        &[
            "BF0520", "BF0521", "BF0522", "BF0530", "BF0533", "BF0537", "BF0541",
        ],
    ),
    found(
        "F51",
        "a null or a number of rows that nobody expects",
        &["BF0535", "BF0542", "BF0563", "BF0714", "BF0572"],
    ),
    found(
        "F52",
        "SQL of one engine only",
        &["BF0504", "BF0513", "BF0515", "BF0516", "BF0517", "BF0538"],
    ),
    found("F53", "rows of others", &["BF0550", "BF0551"]),
    found(
        "F54",
        "a row by an id that anybody can send",
        &["BF0560", "BF0561"],
    ),
    found(
        "F55",
        "a list without an end in a message or keyboard",
        &["BF0564", "BF0318"],
    ),
    found("F56", "a lookup without an index", &["BF0565"]),
    partly(
        "F57",
        "a migration that destroys, locks or fails",
        &[
            "BF0501", "BF0505", "BF0506", "BF0507", "BF0508", "BF0509", "BF0571",
        ],
        "a changed history is refused at the start as well",
    ),
    never(
        "F58",
        "conversations and buttons of the version before",
        "the runtime meets them: a button that does not fit answers with a toast, a dialogue that does not fit is told and freed",
    ),
    never(
        "F60",
        "a message that may have been sent",
        "replies are sent again, once the lease of the first attempt has ended; broadcasts are not, unless they say so; both are counted",
    ),
    never(
        "F61",
        "a call that must not be made twice",
        "only a model is called, and to ask it twice changes nothing; what comes of the answer is committed once",
    ),
    never(
        "F62",
        "more messages for one update than Telegram allows",
        "actions do not repeat: a flow sends as many as it has replies",
    ),
    found("F63", "a broadcast that nobody can leave", &["BF1110"]),
    never(
        "F64",
        "a secret or a person's words in a log",
        "secrets are no variables, and the runtime logs no texts",
    ),
    found(
        "F65",
        "a language model's words in a privileged place",
        &["BF1145", "BF1148"],
    ),
    never(
        "F66",
        "a webhook address that Telegram refuses",
        "no part of a bot: the runtime checks its settings at the start",
    ),
    never(
        "F67",
        "a setting that nobody declares or reads",
        "no part of a bot: an unknown `BOTFACTORY_…` is an error at the start",
    ),
    partly(
        "F68",
        "a wait or a button that outlives what is kept",
        &["BF0636"],
        "a press on an old button is answered with a toast",
    ),
];

/// Whether a code belongs to a class.
pub fn is_classed(id: &str) -> bool {
    CLASSES.iter().any(|class| class.codes.contains(&id))
}

/// The page `docs/error-classes.md`. `fixtures`: the folders of `botgen/tests/ui/`.
pub fn table(fixtures: &[String]) -> String {
    let mut text = String::from(
        "# Classes of mistakes\n\nWhat the field's tools and Telegram's rules know as mistakes of a bot, and what `botgen` makes of each. \
         Written by `UPDATE=1 cargo test -p botgen --test reference`.\n",
    );
    for class in CLASSES {
        if let Some((_, group)) = GROUPS.iter().find(|(first, _)| *first == class.id) {
            text += &format!(
                "\n## {group}\n\n| class | mistake | found by | fixtures |\n|---|---|---|---|\n"
            );
        }
        let links: Vec<String> = class.codes.iter().map(|id| link(id)).collect();
        let folders = fixtures.iter().filter(|f| {
            let code = f.get(..6).unwrap_or_default();
            class.codes.contains(&code)
        });
        let folders: Vec<String> = folders
            .map(|f| format!("[{f}](../botgen/tests/ui/{f})"))
            .collect();
        let mut by = links.join(", ");
        if by.is_empty() {
            by = "—".to_owned();
        }
        if !class.note.is_empty() {
            by += &format!("; {}", class.note);
        }
        let by = by.replace("—; ", "");
        text += &format!(
            "| {} | {} | {by} | {} |\n",
            class.id,
            class.title,
            folders.join(" ")
        );
    }
    text += "\n## Beyond these\n\nMistakes that only a language of its own makes possible, and those that others do not look for.\n";
    for (prefix, name) in codes::FAMILIES {
        let mut more: Vec<_> = codes::all()
            .filter(|c| c.id.starts_with(prefix) && !is_classed(c.id))
            .collect();
        if more.is_empty() {
            continue;
        }
        more.sort_by_key(|c| c.id);
        text += &format!("\n{prefix}, {name}:\n\n");
        for code in more {
            text += &format!("- {} {}\n", link(code.id), code.title);
        }
    }
    text
}

/// A code as a link to its place in the reference.
fn link(id: &str) -> String {
    let family = id.get(..4).unwrap_or_default();
    format!("[{id}](diagnostics/{family}.md#{})", id.to_lowercase())
}

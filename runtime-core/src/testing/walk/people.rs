//! Who walks, and what they do next.

use std::collections::{BTreeMap, HashMap};

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::{Value, json};

use super::room::Room;
use super::words::{KINDS, Kind, pick, words};
use crate::bot::BotSpec;

/// Groups, beside everybody's private chat.
const GROUPS: [i64; 2] = [-1_001_111_111_111, -42];
/// How many places a walk remembers.
const MEMORY: usize = 4000;
/// What an untried move is worth, in visits.
const UNTRIED: u32 = 3;

/// Somebody with a Telegram account.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) json: Value,
}

/// What they do.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) who: Person,
    pub(super) chat: i64,
    /// Forum topic.
    pub(super) thread: Option<i64>,
    pub(super) does: Does,
    /// Where it was done, and what it was, for learning.
    from: Option<(String, Move)>,
}

/// What can be done anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Move {
    Says(Kind),
    /// The button at this place under the last message.
    Presses(usize),
    /// The command of this number, alone.
    Commands(usize),
}

#[derive(Debug, Clone)]
pub(super) enum Does {
    /// A message with these fields.
    Message(Value),
    /// The button of a message.
    Press(i64, String),
    /// An update of another kind.
    Other(&'static str),
}

impl Act {
    pub(super) fn is_press(&self) -> bool {
        matches!(self.does, Does::Press(..))
    }
}

/// Everybody, and what they have learnt.
pub(super) struct People {
    everybody: Vec<Person>,
    commands: Vec<&'static str>,
    actor: usize,
    chat: i64,
    thread: Option<i64>,
    /// Wants to get somewhere; else tries everything.
    patient: bool,
    /// Where a move led to, by where it was made.
    led: HashMap<String, BTreeMap<Move, String>>,
    /// How often each place was come to.
    visits: HashMap<String, u32>,
}

impl People {
    pub(super) fn new(spec: &'static BotSpec) -> Self {
        Self {
            everybody: everybody(),
            commands: spec.commands.iter().map(|command| command.name).collect(),
            actor: 0,
            chat: 1001,
            thread: None,
            patient: true,
            led: HashMap::new(),
            visits: HashMap::new(),
        }
    }

    fn actor(&self) -> Person {
        let actor = self.everybody.get(self.actor).or(self.everybody.first());
        actor.cloned().unwrap_or(Person {
            id: 1001,
            json: Value::Null,
        })
    }

    fn does(&self, does: Does) -> Act {
        Act {
            who: self.actor(),
            chat: self.chat,
            thread: self.thread,
            does,
            from: None,
        }
    }

    /// `/cancel` and `/start` of somebody alone with the bot; of everybody, when all is over.
    pub(super) fn ways_out(&self, everybody: bool) -> Vec<Act> {
        let say = |who: &Person, text: &str| Act {
            who: who.clone(),
            chat: who.id,
            thread: None,
            does: Does::Message(json!({ "text": text })),
            from: None,
        };
        let who = if everybody {
            self.everybody.clone()
        } else {
            vec![self.actor()]
        };
        let both = |who| [say(who, "/cancel"), say(who, "/start")];
        who.iter().flat_map(both).collect()
    }

    /// What happens next.
    pub(super) fn act(&mut self, room: &Room, now: i64, random: &mut StdRng) -> Act {
        if random.random_bool(0.02) {
            self.patient = random.random_bool(0.7);
        }
        if random.random_bool(if self.patient { 0.005 } else { 0.04 }) {
            self.actor = random.random_range(0..self.everybody.len());
            self.chat = self.actor().id;
            self.thread = None;
            if random.random_bool(0.2) {
                self.chat = GROUPS.choose(random).copied().unwrap_or(self.chat);
                self.thread = random.random_bool(0.3).then(|| random.random_range(2..4));
            }
        }
        match random.random_range(0..if self.patient { 1000 } else { 100 }) {
            0..2 => return self.does(Does::Other("edited_message")),
            2..4 => {
                let other = OTHERS.choose(random).copied().unwrap_or("poll");
                return self.does(Does::Other(other));
            }
            4..14 => {
                if let Some((id, data)) = room.any_button(self.chat, random) {
                    return self.does(Does::Press(id, data));
                }
            }
            14..18 => {
                if let Some((id, data)) = room.any_button(self.chat, random) {
                    let data = forged(data, &self.commands, random);
                    return self.does(Does::Press(id, data));
                }
            }
            18..28 => {
                let text = self.command(random);
                return self.does(Does::Message(json!({ "text": text })));
            }
            _ => {}
        }
        let place = place(room, self.chat);
        let made = self.choose(&place, room.buttons(self.chat), random);
        let does = match made {
            Move::Says(kind) => Does::Message(self.message(kind, room, now, random)),
            Move::Commands(at) => {
                let name = self.commands.get(at).copied().unwrap_or("start");
                Does::Message(json!({ "text": format!("/{name}") }))
            }
            Move::Presses(at) => match room.button(self.chat, at) {
                Some((id, data)) => Does::Press(id, data),
                None => Does::Message(json!({ "text": self.command(random) })),
            },
        };
        Act {
            from: Some((place, made)),
            ..self.does(does)
        }
    }

    /// Mostly what leads to where nobody has been much, sometimes anything.
    fn choose(&self, place: &str, buttons: usize, random: &mut StdRng) -> Move {
        let presses = (0..buttons).map(Move::Presses);
        let says = KINDS.iter().copied().map(Move::Says);
        let commands = (0..self.commands.len()).map(Move::Commands);
        let mut all: Vec<Move> = presses.chain(says).chain(commands).collect();
        all.shuffle(random);
        let led = self.led.get(place);
        let visits = |to: &String| self.visits.get(to).copied().unwrap_or(0);
        // What nobody has tried yet is as good as a place with a few visits.
        let untried = |made: &Move| match made {
            Move::Commands(_) => 40 * UNTRIED,
            _ => UNTRIED,
        };
        let known = |made: &Move| led.and_then(|led| led.get(made));
        let score = |made: &Move| known(made).map_or_else(|| untried(made), visits);
        let best = if random.random_bool(if self.patient { 0.95 } else { 0.6 }) {
            all.iter().min_by_key(|made| score(made))
        } else {
            all.first()
        };
        best.copied().unwrap_or(Move::Says(Kind::Word))
    }

    /// Remembers where it led.
    pub(super) fn learn(&mut self, act: &Act, room: &Room) {
        let to = place(room, act.chat);
        if self.visits.len() < MEMORY || self.visits.contains_key(&to) {
            *self.visits.entry(to.clone()).or_default() += 1;
        }
        let Some((from, made)) = &act.from else {
            return;
        };
        if self.led.len() < MEMORY || self.led.contains_key(from) {
            let led = self.led.entry(from.clone()).or_default();
            led.insert(*made, to);
        }
    }

    fn command(&self, random: &mut StdRng) -> String {
        let name = self.commands.choose(random).copied().unwrap_or("start");
        let arguments: Vec<String> = (0..random.random_range(0..4))
            .map(|_| pick(ARGUMENTS, random))
            .collect();
        match random.random_range(0..10) {
            0..6 => format!("/{name}"),
            6 => format!("/{name}@walked_bot"),
            _ => format!("/{name} {}", arguments.join(" ")),
        }
    }

    fn message(&self, kind: Kind, room: &Room, now: i64, random: &mut StdRng) -> Value {
        if let Some(text) = words(kind, now, random) {
            return json!({ "text": text });
        }
        let name = ["file.pdf", "<b>&.txt", "", "\u{202e}gpj.exe"].choose(random);
        match kind {
            Kind::Label => {
                let label = room.label(self.chat, random);
                json!({ "text": label.unwrap_or_else(|| "yes".to_owned()) })
            }
            Kind::Contact => {
                let own = random.random_bool(0.7).then_some(self.chat);
                json!({ "contact": {
                    "phone_number": pick(&["+79120000000", "12025550143", "+", "<b>"], random),
                    "first_name": pick(&["Anna", "", "<i>&", "👩‍👩‍👧‍👦"], random),
                    "user_id": own,
                } })
            }
            Kind::Location => {
                let at = [(55.75, 37.62), (0.0, 0.0), (-90.0, 180.0), (1e-9, -0.0)];
                let (latitude, longitude) = at.choose(random).copied().unwrap_or_default();
                json!({ "location": { "latitude": latitude, "longitude": longitude } })
            }
            Kind::Photo => json!({ "photo": [
                { "file_id": "small", "file_unique_id": "s", "width": 1, "height": 1 },
                { "file_id": "p".repeat(random.random_range(1..120)), "file_unique_id": "p", "width": 9, "height": 9,
                  "file_size": random.random_range(0..20_000_000) },
            ], "caption": "a <b>caption" }),
            Kind::File => {
                json!({ "document": { "file_id": "f", "file_unique_id": "u", "file_name": name,
                "file_size": i64::MAX } })
            }
            _ => json!({ "sticker": { "file_id": "s", "file_unique_id": "u", "type": "regular" } }),
        }
    }
}

/// Where somebody is, as far as they can see: what the bot said last, without its numbers.
fn place(room: &Room, chat: i64) -> String {
    let last = room.last(chat).chars().take(60);
    last.map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect()
}

const OTHERS: &[&str] = &[
    "channel_post",
    "message_reaction",
    "my_chat_member",
    "poll_answer",
    "business_message",
    "brand_new_kind",
];

const ARGUMENTS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "x",
    "b",
    "abc",
    "1.5",
    "yes",
    "true",
    "2030-01-20",
    "10:30",
    "tea",
    "😀",
    "<b>",
    "'",
    "\"q\"",
    "9223372036854775807",
    "9223372036854775808",
    "{{x}}",
    "=",
    "a=1",
    ",",
    "\u{202e}",
];

/// What a client with bad intentions sends.
fn forged(data: String, commands: &[&str], random: &mut StdRng) -> String {
    let name = commands.choose(random).copied().unwrap_or("start");
    match random.random_range(0..8) {
        0 => data.chars().rev().collect(),
        1 => data.chars().skip(1).collect(),
        2 => data + "0",
        3 => format!("/{name}"),
        4 => format!("/{name} {}", pick(ARGUMENTS, random)),
        5 => "x".repeat(64),
        6 => data.replace(|c: char| c.is_ascii_digit(), "7"),
        _ => pick(&["\u{0}", "1", "{}", "w", "t:", "😀", " "], random),
    }
}

fn everybody() -> Vec<Person> {
    let wide = "😀".repeat(32);
    /// First name, last name, username, language.
    type Account<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);
    let people: [Account<'_>; 7] = [
        ("Anna", Some("K."), Some("anna_k"), Some("en")),
        ("Иван", None, None, Some("ru")),
        ("<b>&\"'", Some("</b>{{x}}"), Some("abcde"), Some("de")),
        (&wide, Some(&wide), None, Some("en-GB")),
        (
            "\u{202e}\u{200b}",
            None,
            Some("a2345678901234567890123456789012"),
            None,
        ),
        ("*_[]()~`>#+-=|{}.!\\", None, Some("z_z_z"), Some("ar")),
        // An account that was deleted.
        ("", None, None, Some("zh-hans")),
    ];
    let mut id = 1000;
    let person = |(first, last, username, language)| {
        id += 1;
        // Ids have up to 52 bits.
        let id = if id == 1003 { (1 << 52) - 1 } else { id };
        let mut json = json!({ "id": id, "is_bot": false, "first_name": first });
        for (key, value) in [
            ("last_name", last),
            ("username", username),
            ("language_code", language),
        ] {
            if let Some(value) = value {
                json[key] = Value::from(value);
            }
        }
        Person { id, json }
    };
    people.into_iter().map(person).collect()
}

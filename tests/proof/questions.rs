//! Questions to the model: what follows one happens once, and its reply is said, wherever the process is killed meanwhile.
//!
//! The support desk asks twice for every person: first what the question is about (`action.llm.v1`); then, for what is
//! known, for an answer, else it stores a request and has its confirmation rewritten (`llm_improve`).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runtime_core::faults::POINTS;
use runtime_core::testing::llm::{Act, Asked, Stub};
use runtime_core::testing::telegram::{FakeBot, User};

use crate::deployment::{Deployment, Engine, Instance};
use crate::long;

const TOKEN: &str = "4444:AAsupportSECRETsupportSECRETsuppor";
/// The first person.
const FIRST: i64 = 500_000;
/// How long a place is waited for before the process is killed anyway.
const REACHED: Duration = Duration::from_secs(10);
/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds after which a question that a dead process had taken is nobody's any more.
const LATER: &str = "300";
/// What is said where there is no answer to what is known.
const FACTS: &str = "Help is free";

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_while_it_asks_on_sqlite() {
    killed(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_while_two_instances_ask_on_postgres() {
    killed(Engine::Postgres, 2).await;
}

fn user(id: i64) -> User {
    User {
        id,
        name: "Anna",
        language: "en",
    }
}

/// Every other person asks what is known.
fn question(id: i64) -> String {
    match id % 2 {
        0 => format!("Where is my parcel q{id}q, please?"),
        _ => format!("At what hours are you there, q{id}q?"),
    }
}

/// What the model says: the topic, an answer to this question, the confirmation in other words with its number.
fn said(asked: &Asked) -> Option<Act> {
    let text = asked.message("user");
    let words = match &*text {
        text if asked.message("system").contains("one of these") => match text.contains("hours") {
            true => "known".to_owned(),
            false => "order".to_owned(),
        },
        text if text.contains("hours") => format!("Day and night, q{}q!", between(text, "q", "q")?),
        text => format!("Noted with joy: request {}.", number(text)?),
    };
    // Some are slow: there is something to be killed.
    let takes = Duration::from_millis(rand::random_range(0..60));
    Some(Act::Slow(takes, words))
}

/// The digits between two marks.
fn between(text: &str, from: &str, to: &str) -> Option<i64> {
    let parts = text.split(from).skip(1);
    let mut found = parts.filter_map(|part| part.split(to).next()?.parse().ok());
    found.next()
}

/// The number of a request in its confirmation.
fn number(text: &str) -> Option<i64> {
    let rest = text.split("request ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A person comes, asks one question and waits for what comes of it.
async fn ask(bot: FakeBot, id: i64) {
    bot.say(user(id), id, "/ask");
    heard(&bot, id, |text| text.contains("What do you want to know")).await;
    bot.say(user(id), id, &question(id));
    heard(&bot, id, is_reply).await;
}

/// Whether a message is what a question leads to.
fn is_reply(text: &str) -> bool {
    text.contains("request ") || text.contains("Day and night") || text.contains(FACTS)
}

async fn heard(bot: &FakeBot, id: i64, is: impl Fn(&str) -> bool) {
    let began = Instant::now();
    while !bot.shown_in(id, 0).iter().any(|one| is(&one.text)) {
        let shown = bot.shown_in(id, 0);
        assert!(began.elapsed() < PATIENCE, "{id} waits in vain: {shown:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether it ends by itself in time.
async fn dies(instance: &Instance) -> bool {
    let began = Instant::now();
    while instance.runs() && began.elapsed() < REACHED {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    !instance.runs()
}

async fn killed(engine: Engine, instances: usize) {
    let stub = Stub::start().await.unwrap();
    stub.answers(said);
    let deployment = Deployment::new(engine, instances, false, false).await;
    let desk = deployment.telegram.bot(TOKEN);
    for instance in &deployment.instances {
        let home = &instance.home;
        home.set("BOTFACTORY_TOKEN_SUPPORT", TOKEN);
        home.set("LLM_BASE_URL", stub.url());
        home.set("LLM_MODEL", "stub");
        home.set("LLM_BOT_PER_MINUTE", "0");
        home.set("LLM_DAILY_BUDGET", "0");
        home.set("LLM_CACHE_TTL", "0");
    }
    deployment.start().await;
    let (rounds, random, crowd) = if long() { (20, 100, 20) } else { (1, 3, 8) };
    let mut people = Vec::new();
    let mut next = FIRST;
    let mut come = |people: &mut Vec<_>| {
        for _ in 0..crowd {
            people.push(tokio::spawn(ask(desk.clone(), next)));
            next += 1;
        }
    };
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    let mut at = 0;
    for round in 0..rounds {
        for point in POINTS.iter().filter(|point| point.starts_with("jobs.")) {
            let instance = &deployment.instances[at % instances];
            at += 1;
            deployment.kill(at % instances).await;
            deployment.kill((at + 1) % instances).await;
            let times = if round == 0 {
                1
            } else {
                rand::random_range(1..6)
            };
            instance.home.set("KILL_POINT", &format!("{point}:{times}"));
            come(&mut people);
            // It may be over before it has answered.
            instance.start().await;
            if dies(instance).await {
                *reached.entry(point).or_default() += 1;
                deployment.broke(Instant::now(), Instant::now());
            }
            instance.home.set("KILL_POINT", "");
            for instance in deployment.instances.iter().filter(|i| !i.runs()) {
                assert!(instance.start().await, "it starts");
            }
        }
    }
    for n in 0..random {
        come(&mut people);
        tokio::time::sleep(Duration::from_millis(rand::random_range(50..500))).await;
        deployment.kill(n % instances).await;
        assert!(
            deployment.instances[n % instances].start().await,
            "it starts"
        );
    }
    // Everybody has asked; then whatever a dead process had taken is taken again.
    for id in FIRST..next {
        heard(&desk, id, |text| text.contains("What do you want to know")).await;
    }
    until("everybody's question is taken", async || {
        let pending = desk.pending();
        pending == 0
    })
    .await;
    for at in 0..instances {
        deployment.kill(at).await;
        deployment.instances[at].home.set("CLOCK_AHEAD", LATER);
        assert!(deployment.instances[at].start().await, "it starts");
    }
    for person in people {
        person.await.expect("a person waits in vain");
    }
    let left = "SELECT (SELECT count(*) FROM bf_jobs) \
                + (SELECT count(*) FROM bf_outbox WHERE state IN (1, 2))";
    until("nothing is left", async || {
        deployment.number(left).await == 0
    })
    .await;
    deployment.stop().await;
    judge(&deployment, &desk, FIRST..next, &reached, stub.calls()).await;
}

async fn until(what: &str, mut come: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !come().await {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Compares what is stored and what was said with what people asked.
async fn judge(
    deployment: &Deployment,
    desk: &FakeBot,
    people: std::ops::Range<i64>,
    reached: &BTreeMap<&str, usize>,
    calls: usize,
) {
    let all = people.end - people.start;
    // Each question led to two jobs, and each job ended once: its end has a claim.
    let base = "-4611686018427387905";
    let ended = format!(
        "SELECT count(*) FROM bf_outbox WHERE n = 0 AND update_id < {base} AND ({base} - update_id) % 2 = 0"
    );
    assert_eq!(deployment.number(&ended).await, 2 * all, "ends of jobs");
    let letters = "SELECT count(*) FROM bf_dead_letters";
    assert_eq!(deployment.number(letters).await, 0);
    let mut requests: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let rows = "SELECT user_id, what FROM support_tickets";
    for (person, what) in deployment.pairs(rows).await {
        requests.entry(person).or_default().push(what);
    }
    let (mut doubled, mut answered) = (0, 0);
    for id in people {
        let stored = requests.remove(&id).unwrap_or_default();
        let replies: Vec<String> = desk
            .shown_in(id, 0)
            .into_iter()
            .map(|one| one.text)
            .filter(|text| is_reply(text))
            .collect();
        let first = replies
            .first()
            .unwrap_or_else(|| panic!("{id} heard nothing"));
        assert!(
            replies.iter().all(|reply| reply == first),
            "{id} was answered twice: {replies:#?}"
        );
        match number(first) {
            Some(_) => assert_eq!(stored, [question(id)], "{id}: one request"),
            None => {
                assert_eq!(stored, [""; 0], "{id} was answered, and has a request");
                assert_eq!(id % 2, 1, "{id} asked for a parcel: {first}");
                let own = between(first, "q", "q");
                assert!(own.is_none_or(|own| own == id), "{id} got {first}");
            }
        }
        answered += usize::from(first.contains("Noted") || first.contains("Day and night"));
        let calls = deployment.telegram.accepted("sendMessage");
        let mut times: Vec<Instant> = calls
            .iter()
            .filter(|call| call.body["chat_id"] == id && call.body["text"] == **first)
            .map(|call| call.at)
            .collect();
        times.sort_unstable();
        doubled += replies.len() - 1;
        for pair in times.windows(2) {
            assert!(
                deployment.broke_between(pair[0], pair[1]),
                "{id} was told twice, {:?} apart, though nobody was killed in between",
                pair[1] - pair[0]
            );
        }
    }
    assert!(
        requests.is_empty(),
        "requests that nobody made: {requests:?}"
    );
    println!(
        "{:?}: {all} questions, {calls} calls, {} kills (at named places {reached:?}), {answered} answered in the model's \
         words, {doubled} replies doubled",
        deployment.engine,
        deployment.kills()
    );
    let points = POINTS.iter().filter(|point| point.starts_with("jobs."));
    let missed: Vec<_> = points
        .filter(|point| !reached.contains_key(**point))
        .collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
    assert!(answered > 0, "nobody was answered in the model's words");
}

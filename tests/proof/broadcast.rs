//! Broadcasts: everybody once, at the declared pace, with flat memory, whatever dies meanwhile.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use runtime_core::faults::POINTS;
use runtime_core::testing::telegram::{Fault, Recorded};

use crate::deployment::{Deployment, Engine};
use crate::long;
use crate::support::{BOOKING_ID, http};

/// The first person.
const FIRST: i64 = 1_000_000;
/// Messages a second.
const PACE: i64 = 100;

/// So many people know the bot. Of every hundred one has blocked it, one wants no broadcasts, and one is only in a group.
struct People {
    all: i64,
}

impl People {
    fn blocked(&self) -> impl Iterator<Item = i64> {
        (0..self.all).step_by(100).map(|n| FIRST + n)
    }
    fn silent(n: i64) -> bool {
        n % 100 == 1 || n % 100 == 2
    }
    /// Who is to get a row.
    fn recipients(&self) -> i64 {
        (0..self.all).filter(|n| !Self::silent(*n)).count() as i64
    }
    /// Who is to get a message.
    fn reached(&self) -> i64 {
        self.recipients() - self.blocked().count() as i64
    }

    async fn settle(&self, deployment: &Deployment) {
        for person in self.blocked() {
            deployment.telegram.block(person);
        }
        let truth = |yes: bool| match (deployment.engine, yes) {
            (Engine::Sqlite, yes) => i32::from(yes).to_string(),
            (Engine::Postgres, yes) => yes.to_string(),
        };
        for from in (0..self.all).step_by(1_000) {
            let rows: Vec<String> = (from..(from + 1_000).min(self.all))
                .map(|n| {
                    let (private, wants) = (truth(n % 100 != 2), truth(n % 100 != 1));
                    let language = if n % 3 == 0 { "ru" } else { "en" };
                    format!(
                        "({BOOKING_ID}, {}, 'booking', 'P{n}', '{language}', 1, 1, {private}, {wants})",
                        FIRST + n
                    )
                })
                .collect();
            let sql = format!(
                "INSERT INTO bf_person (bot, person, bot_id, first_name, language, first_seen, last_seen, private, \
                 subscribed) VALUES {}",
                rows.join(", ")
            );
            execute(deployment, &sql).await;
        }
    }
}

async fn execute(deployment: &Deployment, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    let url = deployment.database();
    match deployment.engine {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
    }
}

/// Makes a broadcast to everybody; its number.
async fn broadcast(deployment: &Deployment) -> i64 {
    let body = json!({
        "audience": "all",
        "message": { "text": "news for everybody" },
        "throttle": { "per_sec": PACE },
    });
    let to = ([127, 0, 0, 1], deployment.instances[0].home.port).into();
    let made = http::post(
        to,
        "/bots/booking/broadcast",
        &[],
        body.to_string().as_bytes(),
    )
    .await;
    made.ok()["broadcast_id"].as_i64().unwrap()
}

async fn status(deployment: &Deployment, at: usize, id: i64) -> Option<Value> {
    let instance = &deployment.instances[at];
    let path = format!("/bots/booking/broadcasts/{id}");
    instance.get("/health", Duration::from_secs(2)).await?;
    let to = ([127, 0, 0, 1], instance.home.port).into();
    Some(http::get(to, &path).await.ok())
}

/// Waits until it is completed.
async fn completed(deployment: &Deployment, id: i64, time: Duration) -> Value {
    let began = Instant::now();
    loop {
        let status = status(deployment, 0, id).await;
        if let Some(status) = status.filter(|status| status["status"] == "completed") {
            return status;
        }
        assert!(
            began.elapsed() < time,
            "it takes too long: {:?}",
            self::status(deployment, 0, id).await
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How often each person got it, and when messages were accepted.
fn got(deployment: &Deployment) -> (HashMap<i64, usize>, Vec<Instant>) {
    let mut people = HashMap::new();
    let mut times = Vec::new();
    for call in deployment.telegram.accepted("sendMessage") {
        let person = call.body["chat_id"].as_i64().unwrap();
        *people.entry(person).or_insert(0) += 1;
        times.push(call.at);
    }
    (people, times)
}

/// Deployments whose broadcasts may send [`PACE`] a second; Telegram takes a fifth more and answers 429 beyond it.
async fn deployment(engine: Engine, instances: usize) -> Deployment {
    let deployment = Deployment::new(engine, instances, false, false).await;
    for instance in &deployment.instances {
        let pace = PACE.to_string();
        instance.home.set("BOTFACTORY_BULK_PER_SECOND", &pace);
    }
    deployment.telegram.limit_bulk(PACE as usize * 6 / 5);
    deployment.start().await;
    deployment
}

async fn everybody_once(engine: Engine, instances: usize) {
    let deployment = deployment(engine, instances).await;
    let people = People {
        all: match std::env::var("PROOF_PEOPLE") {
            Ok(people) => people.parse().unwrap(),
            Err(_) if long() => 100_000,
            Err(_) => 3_000,
        },
    };
    people.settle(&deployment).await;
    let id = broadcast(&deployment).await;
    // Past the beginning: from here on memory is flat.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let before: Vec<u64> = weights(&deployment);
    let time = Duration::from_secs(people.all as u64 / PACE as u64 * 2 + 60);
    let mut heaviest = before.clone();
    let waiting = completed(&deployment, id, time);
    tokio::pin!(waiting);
    let status = loop {
        tokio::select! {
            status = &mut waiting => break status,
            () = tokio::time::sleep(Duration::from_secs(2)) => {
                for (most, now) in heaviest.iter_mut().zip(weights(&deployment)) {
                    *most = (*most).max(now);
                }
            }
        }
    };
    let (got, times) = got(&deployment);
    let floods = deployment
        .telegram
        .calls()
        .iter()
        .filter(|call| call.status == 429)
        .count();
    let took = times.last().unwrap().duration_since(times[0]);
    let calls = people.recipients();
    let rate = (calls - 1) as f64 / took.as_secs_f64();
    for instance in &deployment.instances {
        let to = ([127, 0, 0, 1], instance.home.port).into();
        let metrics = http::get(to, "/metrics").await.text();
        let told = |line: &&str| line.starts_with("broadcast_") && line.contains("booking");
        let told = metrics.lines().filter(told);
        let told = told.filter(|line| !line.contains("_bucket") && !line.ends_with(" 0"));
        println!("{}", told.collect::<Vec<_>>().join("\n"));
    }
    println!(
        "{engine:?}, {instances} instance(s): {} people, {calls} recipients, {} reached, {} blocked, {floods} times 429, \
         {rate:.2} a second of {PACE} declared in {took:?}; resident KiB {before:?}, at most {heaviest:?}",
        people.all, status["sent_count"], status["blocked_count"]
    );
    assert_eq!(status["total_users"], people.recipients(), "{status}");
    assert_eq!(status["sent_count"], people.reached(), "{status}");
    assert_eq!(
        status["blocked_count"],
        people.blocked().count(),
        "{status}"
    );
    for count in [
        "failed_count",
        "ambiguous_count",
        "skipped_count",
        "waiting_count",
    ] {
        assert_eq!(status[count], 0, "{status}");
    }
    assert_eq!(got.len() as i64, people.reached());
    assert!(
        got.values().all(|times| *times == 1),
        "somebody got it twice"
    );
    assert!(got.keys().all(|person| !People::silent(person - FIRST)));
    let declared = PACE as f64;
    assert!(
        (rate - declared).abs() <= declared * 0.05,
        "{rate} a second instead of {declared}"
    );
    for (most, before) in heaviest.iter().zip(&before) {
        assert!(*most < before + 8 * 1024, "{before} KiB grow to {most}");
    }
    deployment.stop().await;
}

fn weights(deployment: &Deployment) -> Vec<u64> {
    let weight = |instance: &crate::deployment::Instance| instance.weight().map_or(0, |w| w.0);
    deployment.instances.iter().map(weight).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_it_once_at_the_declared_pace_on_sqlite() {
    everybody_once(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_it_once_from_two_instances_on_postgres() {
    everybody_once(Engine::Postgres, 2).await;
}

/// Killed at every place of a broadcast's life, and at random: nobody gets it twice, and whoever does not get it is counted.
async fn killed(engine: Engine) {
    let deployment = deployment(engine, 1).await;
    let people = People {
        all: if long() { 10_000 } else { 1_500 },
    };
    people.settle(&deployment).await;
    let instance = &deployment.instances[0];
    let mut reached = 0;
    let mut id = 0;
    let rounds = if long() { 5 } else { 1 };
    for round in 0..rounds {
        for point in POINTS
            .iter()
            .filter(|point| point.starts_with("broadcast."))
        {
            if point.ends_with("complete") {
                continue; // at the end
            }
            instance.kill().await;
            let times = if point.ends_with("enrol") {
                1
            } else {
                rand::random_range(1..4)
            };
            instance.home.set("KILL_POINT", &format!("{point}:{times}"));
            instance.start().await;
            if id == 0 {
                id = broadcast(&deployment).await;
            }
            reached += usize::from(dies(instance, if round == 0 { 15 } else { 2 }).await);
        }
    }
    instance.home.set("KILL_POINT", "");
    for _ in 0..3 {
        instance.kill().await;
        assert!(instance.start().await, "it starts");
        tokio::time::sleep(Duration::from_millis(rand::random_range(1100..1900))).await;
    }
    instance.kill().await;
    instance.home.set("KILL_POINT", "broadcast.before_complete");
    instance.start().await;
    reached += usize::from(dies(instance, 300).await);
    instance.home.set("KILL_POINT", "");
    assert!(instance.start().await, "it starts");
    let status = completed(&deployment, id, Duration::from_secs(60)).await;
    let (got, _) = got(&deployment);
    println!(
        "{engine:?}: {} recipients, {reached} kills at named places and 3 at random: {} sent, {} ambiguous, {} got it",
        status["total_users"],
        status["sent_count"],
        status["ambiguous_count"],
        got.len()
    );
    assert!(reached >= 8, "{reached} places were reached");
    assert_eq!(status["total_users"], people.recipients(), "{status}");
    assert!(
        got.values().all(|times| *times == 1),
        "somebody got it twice"
    );
    let count = |name: &str| status[name].as_i64().unwrap();
    let (sent, ambiguous) = (count("sent_count"), count("ambiguous_count"));
    assert_eq!(
        sent + ambiguous + count("blocked_count"),
        people.recipients(),
        "{status}"
    );
    let arrived = got.len() as i64;
    assert!(
        (sent..=sent + ambiguous).contains(&arrived),
        "{arrived} got it: {status}"
    );
    // No more than what was under way when each process ended.
    assert!(ambiguous <= 2 * PACE * (reached as i64 + 3), "{status}");
    let rows = format!("SELECT count(*) FROM bf_recipient WHERE broadcast = {id}");
    assert_eq!(deployment.number(&rows).await, people.recipients());
    deployment.stop().await;
}

/// Whether it ends by itself in time.
async fn dies(instance: &crate::deployment::Instance, seconds: u64) -> bool {
    let began = Instant::now();
    while instance.runs() && began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    !instance.runs()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_while_it_sends_on_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_while_it_sends_on_postgres() {
    killed(Engine::Postgres).await;
}

/// Cancelled after its process has died in the middle of calls: whoever may have got it is ambiguous, the rest was skipped.
async fn cancelled_after_a_crash(engine: Engine) {
    let deployment = deployment(engine, 1).await;
    let people = People { all: 1_000 };
    people.settle(&deployment).await;
    let instance = &deployment.instances[0];
    let id = broadcast(&deployment).await;
    while deployment.telegram.accepted("sendMessage").len() < 100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..50 {
        let hang = Fault::Hang(Duration::from_secs(60));
        deployment.telegram.fail_next(Some("sendMessage"), hang);
    }
    let hung = |call: &&Recorded| call.status == 0;
    while deployment.telegram.calls().iter().filter(hung).count() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    order(&deployment, id, "pause").await;
    instance.kill().await;
    deployment.telegram.clear_faults();
    // Beyond its lease, the call is nobody's.
    instance.home.set("CLOCK_AHEAD", "60");
    assert!(instance.start().await, "it starts");
    order(&deployment, id, "cancel").await;
    let began = Instant::now();
    let status = loop {
        let status = status(&deployment, 0, id).await.unwrap();
        if status["ambiguous_count"] != 0 {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let count = |name: &str| status[name].as_i64().unwrap();
    let counts = ["sent", "blocked", "ambiguous", "skipped"];
    let counts = counts.map(|name| count(&format!("{name}_count")));
    println!("{engine:?}: {counts:?} sent, blocked, ambiguous, skipped");
    let [sent, _, ambiguous, skipped] = counts;
    assert_eq!(counts.iter().sum::<i64>(), people.recipients(), "{status}");
    let arrived = got(&deployment).0.len() as i64;
    assert!((sent..=sent + ambiguous).contains(&arrived), "{status}");
    assert!(ambiguous <= 2 * PACE && skipped > 0, "{status}");
    let rows = format!("SELECT count(*) FROM bf_recipient WHERE broadcast = {id} AND state = 6");
    assert_eq!(deployment.number(&rows).await, ambiguous);
    deployment.stop().await;
}

async fn order(deployment: &Deployment, id: i64, what: &str) {
    let to = ([127, 0, 0, 1], deployment.instances[0].home.port).into();
    let path = format!("/bots/booking/broadcasts/{id}/{what}");
    http::post(to, &path, &[], b"{}").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_cancelled_after_a_crash_counts_what_is_ambiguous_on_sqlite() {
    cancelled_after_a_crash(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_cancelled_after_a_crash_counts_what_is_ambiguous_on_postgres() {
    cancelled_after_a_crash(Engine::Postgres).await;
}

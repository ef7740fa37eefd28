//! What an engine stands on goes away under load, and comes back: nothing lost, nothing doubled but what nobody could know,
//! health told truly and at once, recovery within seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use runtime_core::testing::telegram::Fault;
use sqlx::Connection;

use crate::deployment::{Deployment, Engine};
use crate::load::{Load, judge};
use crate::long;

/// A health route answers within this long, whatever is broken.
const HEALTH: Duration = Duration::from_millis(200);
/// After what was broken is back, replies come again within this long.
const RECOVERY: Duration = Duration::from_secs(5);
/// Memory may grow by so much.
const GROWTH_KIB: u64 = 60 << 10;

fn outage() -> Duration {
    Duration::from_secs(if long() { 30 } else { 3 })
}

/// Asks health routes for as long as it lives; panics in `finish` when one was slow.
struct Watch {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<(usize, Vec<String>)>,
}

impl Watch {
    fn start(deployment: &Deployment) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let port = deployment.instances[0].home.port;
        let task = tokio::spawn(async move {
            let (mut asked, mut slow) = (0, Vec::new());
            while !stopped.load(Ordering::SeqCst) {
                for path in [
                    "/health",
                    "/health/db",
                    "/health/pg",
                    "/health/redis",
                    "/health/ready",
                ] {
                    let began = Instant::now();
                    let address = ([127, 0, 0, 1], port).into();
                    let answer = crate::support::http::get(address, path).await;
                    let took = began.elapsed();
                    asked += 1;
                    if took > HEALTH {
                        slow.push(format!("{path}: {} after {took:?}", answer.status));
                    }
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (asked, slow)
        });
        Self { stop, task }
    }

    async fn finish(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        let (asked, slow) = self.task.await.unwrap();
        // The machine's own hiccups: two cores run a server, a database, a Telegram and people, in CI without optimisation.
        let allowed = if long() { asked / 100 } else { asked / 10 };
        assert!(
            slow.len() <= allowed,
            "health was slow {} of {asked} times: {slow:#?}",
            slow.len()
        );
        asked
    }
}

/// Breaks something, keeps it broken, mends it, and looks whether all is well again.
async fn chaos(
    what: &str,
    deployment: Deployment,
    breaks: impl AsyncFn(&Deployment),
    mends: impl AsyncFn(&Deployment),
    unhealthy: Option<&str>,
) {
    deployment.start().await;
    let instance = &deployment.instances[0];
    let load = Load::start(&deployment, if long() { 200 } else { 40 });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = instance.weight().unwrap();
    let watch = Watch::start(&deployment);
    let heard = load.heard.load(Ordering::SeqCst);
    assert!(heard > 0, "people are served");
    breaks(&deployment).await;
    tokio::time::sleep(outage()).await;
    if let Some(path) = unhealthy {
        let status = instance.get(path, HEALTH * 2).await;
        assert_eq!(status, Some(503), "{path} tells the truth");
    }
    assert_eq!(
        instance.get("/health", HEALTH * 2).await,
        Some(200),
        "the process lives"
    );
    mends(&deployment).await;
    let mended = Instant::now();
    let heard = load.heard.load(Ordering::SeqCst);
    while load.heard.load(Ordering::SeqCst) < heard + 10 {
        assert!(
            mended.elapsed() < RECOVERY,
            "{what}: no replies {RECOVERY:?} after it is back"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let recovered = mended.elapsed();
    if let Some(path) = unhealthy {
        while instance.get(path, HEALTH * 2).await != Some(200) {
            assert!(mended.elapsed() < RECOVERY, "{path} tells that it is back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    load.everybody().await;
    let asked = watch.finish().await;
    let done = load.finish().await;
    let after = instance.weight().unwrap();
    assert!(
        after.0 < before.0 + GROWTH_KIB,
        "memory grew: {before:?} KiB to {after:?}"
    );
    // Doubles are judged by kills; here it is what broke that makes sends ambiguous.
    deployment.broke(mended - outage() - Duration::from_secs(1), mended);
    deployment.settle().await;
    let report = judge(&deployment, &done).await;
    println!(
        "{what}: {} bookings, {} messages, {} doubled, recovered in {recovered:?}, {asked} health questions, \
         memory {} to {} KiB, files {} to {}",
        report.bookings, report.messages, report.doubled, before.0, after.0, before.1, after.1
    );
}

async fn postgres() -> Deployment {
    Deployment::new(Engine::Postgres, 1, true, true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_killed() {
    let kill = async |deployment: &Deployment| {
        deployment.postgres.lock().unwrap().as_mut().unwrap().kill();
    };
    let restart = async |deployment: &Deployment| {
        deployment
            .postgres
            .lock()
            .unwrap()
            .as_mut()
            .unwrap()
            .restart();
    };
    chaos(
        "Postgres killed",
        postgres().await,
        kill,
        restart,
        Some("/health/pg"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_answers_nothing() {
    let hold = async |deployment: &Deployment| deployment.proxy.as_ref().unwrap().hold(true);
    let go_on = async |deployment: &Deployment| deployment.proxy.as_ref().unwrap().hold(false);
    chaos(
        "Postgres silent",
        postgres().await,
        hold,
        go_on,
        Some("/health/db"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_cut_again_and_again() {
    let cut = async |deployment: &Deployment| {
        for _ in 0..20 {
            deployment.proxy.as_ref().unwrap().cut();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    chaos("connections cut", postgres().await, cut, async |_| {}, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed() {
    let kill = async |deployment: &Deployment| {
        deployment.redis.lock().unwrap().as_mut().unwrap().kill();
    };
    let restart = async |deployment: &Deployment| {
        deployment.redis.lock().unwrap().as_mut().unwrap().restart();
    };
    chaos(
        "Redis killed",
        postgres().await,
        kill,
        restart,
        Some("/health/redis"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_answers_nothing() {
    let pause =
        async |deployment: &Deployment| deployment.redis.lock().unwrap().as_ref().unwrap().pause();
    let go_on =
        async |deployment: &Deployment| deployment.redis.lock().unwrap().as_ref().unwrap().go_on();
    chaos(
        "Redis silent",
        postgres().await,
        pause,
        go_on,
        Some("/health/redis"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn telegram_is_ill() {
    let ill = async |deployment: &Deployment| {
        for _ in 0..10 {
            for fault in [
                Fault::Status(500),
                Fault::Close,
                Fault::Flood(1),
                Fault::Hang(Duration::from_millis(500)),
                Fault::AcceptThenClose,
            ] {
                deployment.telegram.fail_next(Some("sendMessage"), fault);
            }
        }
    };
    let well = async |deployment: &Deployment| deployment.telegram.clear_faults();
    let sqlite = Deployment::new(Engine::Sqlite, 1, false, false).await;
    chaos("Telegram ill", sqlite, ill, well, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_paused() {
    let pause = async |deployment: &Deployment| {
        deployment
            .postgres
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .pause()
    };
    let resume = async |deployment: &Deployment| {
        deployment
            .postgres
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .resume()
    };
    chaos(
        "Postgres paused",
        postgres().await,
        pause,
        resume,
        Some("/health/pg"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_free_connection_is_taken() {
    let taken = tokio::sync::Mutex::new(Vec::new());
    let take = async |deployment: &Deployment| {
        let url = deployment
            .postgres
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .url("postgres");
        let mut taken = taken.lock().await;
        while let Ok(connection) = sqlx::PgConnection::connect(&url).await {
            taken.push(connection);
        }
        assert!(!taken.is_empty(), "there were some");
        // What breaks now cannot be replaced at once.
        deployment.proxy.as_ref().unwrap().cut();
    };
    let give_back = async |_: &Deployment| taken.lock().await.clear();
    chaos(
        "out of connections",
        postgres().await,
        take,
        give_back,
        None,
    )
    .await;
}

/// A file system of four megabytes is filled to the last byte. Needs to be root, as in a container.
#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_full() {
    let sqlite = Deployment::new(Engine::Sqlite, 1, false, false).await;
    let folder = sqlite.instances[0].home.folder().join("data");
    std::fs::create_dir_all(&folder).unwrap();
    let mount = |arguments: &[&str]| {
        let done = std::process::Command::new(arguments[0])
            .args(&arguments[1..])
            .arg(&folder)
            .status();
        done.is_ok_and(|status| status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs"]) {
        println!("not root: the disk is never full here");
        return;
    }
    let filler = folder.join("filler");
    let fill = async |_: &Deployment| {
        let mut size = 4 << 20;
        let mut all = Vec::new();
        while size > 0 {
            all.resize(all.len() + size, 0_u8);
            if std::fs::write(&filler, &all).is_err() {
                all.truncate(all.len() - size);
                size /= 2;
            }
        }
    };
    let empty = async |_: &Deployment| std::fs::remove_file(&filler).unwrap();
    chaos("disk full", sqlite, fill, empty, None).await;
    mount(&["umount", "-l"]);
}

/// Every start has a clock that is an hour ahead, or none.
#[tokio::test(flavor = "multi_thread")]
async fn the_clock_jumps_forward_and_back() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let deployment = Deployment::new(engine, 1, false, false).await;
        deployment.start().await;
        let load = Load::start(&deployment, 40);
        for jump in 0..if long() { 40 } else { 5 } {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let ahead = if jump % 2 == 0 { "3600" } else { "" };
            deployment.instances[0].home.set("CLOCK_AHEAD", ahead);
            if jump % 3 == 0 {
                deployment.kill(0).await;
            } else {
                deployment.instances[0].stop().await;
            }
            assert!(deployment.instances[0].start().await, "it starts");
        }
        load.everybody().await;
        let done = load.finish().await;
        deployment.settle().await;
        let report = judge(&deployment, &done).await;
        println!(
            "clock jumps, {engine:?}: {} bookings, {} doubled",
            report.bookings, report.doubled
        );
    }
}

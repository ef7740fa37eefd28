//! Serving until a signal, and stopping under a deadline.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::start::{self, App};
use super::{AppError, VERSION, neighbour, sources};
use crate::bot::Bot;
use crate::config::{Config, token_variable};
use crate::deployment::{Deployment, Mode};
use crate::handler::error::HandlerError;
use crate::http::doors::Doors;
use crate::http::listener::{self, FlushListener, Port};
use crate::http::{routes, serve};
use crate::ingress::polling::Polling;
use crate::scheduler::{Scheduler, Worker};
use crate::telemetry::{self, events, metrics, otlp};

const LISTEN: &str = "BOTFACTORY_LISTEN";
/// What runs may take this long to finish.
const DRAIN: Duration = Duration::from_secs(15);
/// After the port is closed, how long a fresh connection may take to send its first request.
const LINGER: Duration = Duration::from_millis(250);
/// What is queued for Telegram may take this long to leave.
const FLUSH: Duration = Duration::from_secs(5);

/// Serves the bots until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting, in words for a person.
pub async fn run(bots: &'static [&'static dyn Bot], config: Config) -> Result<(), AppError> {
    let build = sources(bots);
    // Where somebody listens already we do only when it is known that they are of this deployment.
    let neighbour = neighbour::deployment(config.listen).await;
    let ports = match neighbour {
        None => Some(open_ports(&config)?),
        Some(_) => None,
    };
    let app = start::open(bots, &config).await?;
    if neighbour.is_some_and(|known| known != app.deployment.settings().name) {
        return Err(neighbour::stranger(config.listen, LISTEN));
    }
    let (port, admin) = match ports {
        Some(ports) => ports,
        None => open_ports(&config)?,
    };
    let _presence = app
        .store
        .enter()
        .await
        .map_err(|error| AppError::Failed(format!("the database fails: {error}")))?;
    app.sender.hold_leftovers().await;
    // Before anybody is told that it runs: whoever is told may stop it.
    let mut asked = Stop::listen();
    introduce(&app.deployment, &config, &port, admin.as_ref());
    metrics::begin_process();
    for bot in bots {
        let spec = bot.spec();
        let dialogues: Vec<_> = spec
            .commands
            .iter()
            .filter(|c| c.wizard)
            .map(|c| c.name)
            .collect();
        let locales: Vec<_> = spec.locales.iter().map(|locale| locale.tag).collect();
        metrics::begin(spec.id, &dialogues, &locales, &HandlerError::CODES);
    }
    telemetry::emit(events::Lifecycle {
        what: "started",
        version: VERSION,
        sources: &build,
    });

    let (stop, stopped) = watch::channel(false);
    // Both listeners together.
    let doors = Doors::of_process(config.proxies.clone());
    let exporting = match config.observe.otlp.clone() {
        Some(to) => {
            let exporter = otlp::start(to, VERSION, stopped.clone());
            Some(tokio::spawn(exporter.map_err(AppError::Failed)?))
        }
        None => None,
    };
    let mut servers = JoinSet::new();
    match admin {
        None => {
            servers.spawn(http(
                port.listener,
                routes::all(&app.deployment),
                &doors,
                &stopped,
            ));
        }
        Some(admin) => {
            servers.spawn(http(
                port.listener,
                routes::public(&app.deployment),
                &doors,
                &stopped,
            ));
            servers.spawn(http(
                admin.listener,
                routes::admin(&app.deployment),
                &doors,
                &stopped,
            ));
        }
    }
    let App {
        deployment,
        store,
        engine,
        overrides,
        broadcasts,
        llm,
        sender,
        client,
        marking,
        announced,
    } = app;
    let accounting = store.clone();
    let writing_stopped = stopped.clone();
    let accounting = tokio::spawn(async move { accounting.write_events(writing_stopped).await });
    let sending = sender.start(announced);
    let worker = Worker::new(store.clone(), engine.clone());
    let mut working = tokio::spawn(worker.run(stopped.clone()));
    let scheduler = Scheduler::new(store.clone(), engine);
    let mut scheduling = tokio::spawn(scheduler.run(stopped.clone()));
    let renewing = deployment.clone();
    let following = overrides.run(move |bot| renewing.renewal(bot), stopped.clone());
    let mut following = tokio::spawn(following);
    let mut broadcasting = tokio::spawn(broadcasts.run(stopped.clone()));
    let watching = tokio::spawn(llm.clone().watch(stopped.clone()));
    let registering = register(&deployment);
    let mut polling = JoinSet::new();
    for (index, bot) in deployment.bots().iter().enumerate() {
        if deployment.mode(bot) == Mode::Polling {
            let poll = Polling {
                deployment: deployment.clone(),
                bot: index,
                store: store.clone(),
                client: client.clone(),
            };
            polling.spawn(poll.run(stopped.clone()));
        }
    }

    asked.asked().await;
    telemetry::emit(events::Lifecycle {
        what: "stopping",
        version: VERSION,
        sources: &build,
    });
    // A second signal does not wait.
    let of_build = build.clone();
    tokio::spawn(async move {
        asked.asked().await;
        telemetry::emit(events::Lifecycle {
            what: "stopped at once: asked a second time",
            version: VERSION,
            sources: &of_build,
        });
        std::process::exit(130);
    });
    deployment.vitals().stop();
    let _ = stop.send(true);
    registering.into_iter().for_each(|task| task.abort());
    let drained = async {
        while servers.join_next().await.is_some() {}
        while polling.join_next().await.is_some() {}
        let _ = (&mut scheduling).await;
        let _ = (&mut working).await;
        let _ = (&mut following).await;
        let _ = (&mut broadcasting).await;
    };
    let _ = tokio::time::timeout(DRAIN, drained).await;
    servers.abort_all();
    polling.abort_all();
    scheduling.abort();
    working.abort();
    following.abort();
    broadcasting.abort();
    watching.abort();
    sender.stop(FLUSH).await;
    sending.into_iter().for_each(|task| task.abort());
    let _ = tokio::time::timeout(FLUSH, marking).await;
    let _ = tokio::time::timeout(FLUSH, llm.flush()).await;
    let _ = tokio::time::timeout(FLUSH, accounting).await;
    let _ = tokio::time::timeout(FLUSH, store.close()).await;
    if let Some(exporting) = exporting {
        let _ = tokio::time::timeout(FLUSH, exporting).await;
    }
    telemetry::emit(events::Lifecycle {
        what: "stopped",
        version: VERSION,
        sources: &build,
    });
    Ok(())
}

/// The port, and that of the operators where it is apart.
fn open_ports(config: &Config) -> Result<(Port, Option<Port>), AppError> {
    let port = open_port(LISTEN, config.listen)?;
    let admin = config.admin_listen;
    let admin = admin.map(|address| open_port("BOTFACTORY_ADMIN_LISTEN", address));
    Ok((port, admin.transpose()?))
}

fn open_port(variable: &str, address: SocketAddr) -> Result<Port, AppError> {
    listener::open(address).map_err(|error| {
        AppError::Failed(match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "port {} is in use by another program: stop it, or set {variable} to another address",
                address.port()
            ),
            std::io::ErrorKind::PermissionDenied => {
                format!("not allowed to listen on {address}: set {variable} to a port above 1023")
            }
            _ => format!("cannot listen on {address}: {error} (see {variable})"),
        })
    })
}

/// Serves one listener; after the stop signal what runs is finished, and nothing new accepted.
fn http(
    listener: TcpListener,
    router: Router,
    doors: &Doors,
    stopped: &watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    let listener = FlushListener::new(listener, doors.clone(), stopped.clone());
    async move {
        let Ok(listener) = listener else {
            return; // a socket that listens has an address
        };
        serve::run(listener, router, async move {
            let _ = stopped.wait_for(|stop| *stop).await;
            // From here on a connection that has not asked for anything yet is closed.
            tokio::time::sleep(LINGER).await;
        })
        .await;
    }
}

/// Registers every bot with a token, beside serving.
fn register(deployment: &Deployment) -> Vec<JoinHandle<()>> {
    let Some(registrar) = deployment.registrar() else {
        return Vec::new();
    };
    deployment
        .bots()
        .iter()
        .enumerate()
        .filter(|(_, bot)| deployment.mode(bot) != Mode::Preview)
        .map(|(index, _)| {
            tokio::spawn(
                registrar
                    .clone()
                    .register_until_done(deployment.clone(), index),
            )
        })
        .collect()
}

#[cfg(unix)]
struct Stop(Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Stop {
    /// From here on SIGTERM and SIGINT no longer end the process by themselves.
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate());
        Self(
            terminate
                .and_then(|t| Ok((t, signal(SignalKind::interrupt())?)))
                .ok(),
        )
    }

    async fn asked(&mut self) {
        match &mut self.0 {
            Some((terminate, interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            // Without handlers the signals end the process themselves.
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn listen() -> Self {
        Self
    }

    async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What is served, how, and where to click: to the terminal, or beside the logs.
fn introduce(deployment: &Deployment, config: &Config, port: &Port, admin: Option<&Port>) {
    let lines = introduction(deployment, config, port, admin);
    if std::io::stdout().is_terminal() {
        println!("{lines}");
    } else {
        // Standard output carries JSON then.
        eprintln!("{lines}");
    }
}

fn introduction(
    deployment: &Deployment,
    config: &Config,
    port: &Port,
    admin: Option<&Port>,
) -> String {
    let bots = deployment.bots();
    let count = bots.len();
    let mut lines = vec![format!(
        "BotFactory {VERSION} serves {count} bot{}",
        if count == 1 { "" } else { "s" }
    )];
    let width = bots.iter().map(|b| b.spec().id.len()).max().unwrap_or(0);
    for bot in bots {
        let spec = bot.spec();
        let how = match deployment.mode(bot) {
            Mode::Preview => format!(
                "preview only (set {} to connect it to Telegram)",
                token_variable(spec.id)
            ),
            Mode::Polling => "polling Telegram".to_owned(),
            Mode::Webhook => format!(
                "webhook {}/tg/{}",
                config.public_url.as_deref().unwrap_or_default(),
                spec.id
            ),
        };
        lines.push(format!("  {:<width$}  {} · {how}", spec.id, spec.name));
    }
    let page = admin.unwrap_or(port);
    let mut address = page.listener.local_addr().unwrap_or(config.listen);
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    lines.push(format!("Talk to them: http://{address}/"));
    if let Some(bot) = bots.first() {
        // As this process was called: a build's binary is on nobody's PATH.
        let program = std::env::args().next();
        let program = program.as_deref().unwrap_or("botfactory");
        lines.push(format!("In the terminal: {program} chat {}", bot.spec().id));
    }
    if port.shared || admin.is_some_and(|admin| admin.shared) {
        lines.push(
            "Note: another instance listens on the same port; both take requests until one stops"
                .to_owned(),
        );
    }
    if config.public_url.is_some() && config.admin_key.is_none() && admin.is_none() {
        lines.push(
            "Note: BOTFACTORY_ADMIN_TOKEN is not set: see that the proxy passes nothing on but /tg/ and /health, or set it"
                .to_owned(),
        );
    }
    lines.join("\n")
}

//! What the operating system says of this process, under the names that every Prometheus client uses. Linux; elsewhere they
//! stay 0.

use super::Metrics;

/// Ticks of a second in `/proc/self/stat`: the kernel shows 100 of them to programs, on every architecture of today.
const TICKS: f64 = 100.0;

/// Reads them.
pub(super) fn sample(m: &Metrics) {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let status = read("/proc/self/status");
    let of = |name: &str| -> Option<i64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    if let Some(kib) = of("VmRSS:") {
        m.resident.set(kib * 1024);
    }
    if let Some(kib) = of("VmSize:") {
        m.virtual_memory.set(kib * 1024);
    }
    if let Some(threads) = of("Threads:") {
        m.threads.set(threads);
    }
    // The name in brackets may hold anything; what follows it is counted from 3.
    let stat = read("/proc/self/stat");
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .collect();
    let field = |n: usize| -> Option<f64> { fields.get(n - 3)?.parse().ok() };
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        let now = (user + system) / TICKS;
        m.cpu.inc_by((now - m.cpu.get()).max(0.0));
    }
    let boot = read("/proc/stat")
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse::<f64>().ok());
    if let (Some(boot), Some(start)) = (boot, field(22)) {
        m.started.set(boot + start / TICKS);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        m.open_fds
            .set(i64::try_from(open.count()).unwrap_or(i64::MAX));
    }
    let most = read("/proc/self/limits").lines().find_map(|line| {
        let rest = line.strip_prefix("Max open files")?;
        rest.split_whitespace().next()?.parse().ok()
    });
    if let Some(most) = most {
        m.max_fds.set(most);
    }
}

//! Which command belongs to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::old;
use super::report::Notes;

/// Commands of the new bot.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// Old command → new command.
    pub names: BTreeMap<String, String>,
}

/// What answers a command.
pub(super) enum Owner {
    Flow(old::Flow),
    Intent(old::Intent),
}

/// One owner for each command, by the old precedence: menus, wizards, untyped flows, intents; the first wins.
pub(super) fn owners(
    intents: Vec<old::Intent>,
    flows: Vec<old::Flow>,
    notes: &mut Notes,
) -> (Vec<(String, Owner)>, Commands) {
    let mut order: Vec<(usize, &str)> = flows
        .iter()
        .enumerate()
        .map(|(i, f)| (i, f.cmd.trim()))
        .collect();
    order.sort_by_key(|(i, _)| flows[*i].declared);
    let mut winners: BTreeMap<String, usize> = BTreeMap::new();
    for (i, cmd) in order {
        winners.entry(slashed(cmd)).or_insert(i);
    }
    let mut commands = Commands::default();
    let mut taken = BTreeSet::new();
    let mut owners = Vec::new();
    let mut own = |old: &str, path: &str, notes: &mut Notes| {
        let old = old.trim();
        let wanted = names::command(old, taken.len() + 1);
        let new = names::free(wanted, &taken);
        if new != old {
            notes.person(
                path,
                format!("the command `{old}` is `{new}` now; tell the people who use it"),
            );
        }
        taken.insert(new.clone());
        commands.names.insert(slashed(old), new.clone());
        commands.names.insert(old.to_owned(), new.clone());
        new
    };
    for (i, flow) in flows.into_iter().enumerate() {
        let cmd = slashed(flow.cmd.trim());
        if winners.get(&cmd) != Some(&i) {
            notes.person(
                &flow.path,
                format!(
                    "`{cmd}` is owned by another flow; this one was never reached and is left out"
                ),
            );
            continue;
        }
        let new = own(&flow.cmd, &flow.path, notes);
        owners.push((new, Owner::Flow(flow)));
    }
    let mut seen = BTreeSet::new();
    for intent in intents {
        let cmd = slashed(intent.cmd.trim());
        if winners.contains_key(&cmd) || !seen.insert(cmd.clone()) {
            notes.person(
                &intent.path,
                format!(
                    "`{cmd}` has an owner already; this intent was never reached and is left out"
                ),
            );
            continue;
        }
        let new = own(&intent.cmd, &intent.path, notes);
        owners.push((new, Owner::Intent(intent)));
    }
    // It always exists.
    commands
        .names
        .entry("/cancel".to_owned())
        .or_insert("/cancel".to_owned());
    (owners, commands)
}

fn slashed(cmd: &str) -> String {
    format!("/{}", cmd.trim_start_matches('/'))
}

use std::collections::BTreeSet;

use super::*;
use crate::Input;
use crate::diagnostics::Sink;
use crate::resolve::FlowNames;
use crate::source::{SourceMap, folder};

/// The graph of a wizard whose part below `steps:` (and beside it) is `body`.
fn graph(body: &str) -> (Graph, Vec<live::Node>) {
    let yaml =
        format!("botfactory: v1\nflows:\n  - flow.wizard.v1:\n      entry_cmd: /start\n{body}");
    let input = Input::from_memory([("bots/a", vec![("bot.yaml", yaml.as_bytes())])]);
    let (mut sources, mut sink) = (SourceMap::default(), Sink::default());
    let folders = folder::read(&input, &mut sources, &mut sink);
    let parsed = crate::syntax::parse(folders, &sources, &mut sink);
    let flow = &parsed[0].bot.flows[0];
    let names = FlowNames::of(flow, &mut sink);
    let found = sink.finish();
    assert!(found.is_empty(), "{found:#?}");
    let ast::FlowKind::Wizard(wizard) = &flow.kind else {
        panic!("a wizard");
    };
    let asked: Vec<bool> = names.asks_for.iter().map(Option::is_some).collect();
    let mut start = Env::default();
    for arg in &names.args {
        start.write(&arg.name, arg.optional);
    }
    let graph = solve(&Dialogue {
        steps: &wizard.steps,
        on_enter: &flow.on_enter,
        on_step: &wizard.on_step,
        on_complete: &wizard.on_complete,
        timeout: None,
        targets: &names.targets,
        asked_args: &asked,
        start,
    });
    let nodes = wizard
        .steps
        .iter()
        .zip(&asked)
        .map(|(s, looks)| live::Node {
            reads: BTreeSet::new(),
            writes: Some(s.var.value.clone()),
            looks: *looks,
        })
        .chain([live::Node::default()])
        .collect();
    (graph, nodes)
}

fn fact(graph: &Graph, node: usize, name: &str) -> Option<(bool, bool)> {
    let env = graph.at[node].as_ref().expect("reachable");
    env.get(name).map(|f| (f.always, f.null))
}

const BOOK: &str = "      steps:
        - { ask: a?, var: service }
        - { ask: b?, var: slot, type: datetime }
        - { ask: c?, var: note, optional: true }
      on_complete:
        - action.sql_exec.v1:
            sql: INSERT INTO b (s) VALUES (:slot)
            on_conflict: { reply: taken, goto: slot }
        - action.reply_template.v1: { text: done }
";

#[test]
fn a_conflict_leads_back_with_the_answers() {
    let (graph, mut nodes) = graph(BOOK);
    assert_eq!(fact(&graph, 0, "service"), None);
    assert_eq!(fact(&graph, 1, "service"), Some((true, false)));
    assert_eq!(
        fact(&graph, 1, "note"),
        Some((false, true)),
        "only after a conflict"
    );
    assert_eq!(fact(&graph, 1, "slot"), None, "about to be written");
    assert_eq!(
        fact(&graph, 3, "note"),
        Some((true, true)),
        "may be skipped"
    );
    assert_eq!(graph.can_end(), [true; 4]);
    // `note` is asked again before anything reads it: it need not be carried to `slot`.
    nodes[3].reads = ["service", "slot", "note"].map(str::to_owned).into();
    let live = live::solve(&graph, &nodes);
    assert_eq!(live[1], ["service".to_owned()].into());
    assert_eq!(live[2], ["service", "slot"].map(str::to_owned).into());
}

#[test]
fn jumps_leave_variables_unwritten() {
    let (graph, _) = graph(
        "      steps:
        - ask: a?
          var: kind
          case: [{ when: kind == 'x', goto: last }, { goto: mid }]
        - { ask: b?, var: mid }
        - { ask: c?, var: last }
",
    );
    assert_eq!(fact(&graph, 2, "mid"), Some((false, false)));
    assert_eq!(fact(&graph, 2, "kind"), Some((true, false)));
    assert_eq!(graph.edges[0].len(), 2);
}

#[test]
fn a_step_with_when_is_passed_over_and_becomes_null() {
    let (graph, _) = graph(
        "      steps:
        - { ask: a?, var: kind, optional: true }
        - { ask: b?, var: mid, when: kind is not null }
        - { ask: c?, var: last }
",
    );
    assert_eq!(fact(&graph, 2, "mid"), Some((true, true)));
    let env = graph.at[2].as_ref().unwrap();
    assert!(env.shown().is_empty());
}

#[test]
fn a_test_before_a_goto_narrows() {
    let (graph, _) = graph(
        "      args: { code: { type: text, optional: true } }
      on_enter:
        - action.reply_template.v1: { when: code is null, text: nope, goto: end }
        - action.sql_query.v1: { sql: SELECT 1, result_var: row, single: true }
        - action.reply_template.v1: { when: row is null, text: nope, goto: end }
      steps:
        - { ask: a?, var: kind }
        - { ask: b?, var: mid }
",
    );
    for node in 0..=2 {
        let env = graph.at[node].as_ref().unwrap();
        assert_eq!(env.shown(), &["code", "row"].map(str::to_owned).into());
    }
}

#[test]
fn results_that_a_goto_skips_are_not_always_there() {
    let (graph, _) = graph(
        "      args: { fast: { type: bool, optional: true } }
      on_enter:
        - action.reply_template.v1: { when: fast is not null, text: fast, goto: last }
        - action.sql_query.v1: { sql: SELECT 1, result_var: rows }
      steps:
        - { ask: a?, var: kind }
        - { ask: b?, var: last }
",
    );
    assert_eq!(fact(&graph, 0, "rows"), Some((true, false)));
    assert_eq!(fact(&graph, 1, "rows"), Some((false, false)));
    assert_eq!(fact(&graph, 1, "kind"), Some((false, false)));
}

#[test]
fn an_argument_is_asked_for_only_when_it_is_missing() {
    let (graph, nodes) = graph(
        "      args: { id: int }
      steps:
        - { ask: a?, var: kind }
        - { ask: b?, var: id, type: int }
",
    );
    assert_eq!(fact(&graph, 0, "id"), Some((true, true)), "may be missing");
    assert_eq!(fact(&graph, 2, "id"), Some((true, false)), "given or asked");
    assert!(graph.edges[1].contains(&Edge {
        to: 2,
        in_order: true
    }));
    // Coming to `id` in order looks at it, so `kind` must carry it.
    let live = live::solve(&graph, &nodes);
    assert!(live[0].contains("id"));
    assert!(!live[1].contains("id"));
}

#[test]
fn what_is_never_reached() {
    let (graph, _) = graph(
        "      steps:
        - { ask: a?, var: kind, case: [{ goto: last }] }
        - { ask: b?, var: mid }
        - { ask: c?, var: last, case: [{ goto: kind }] }
      on_complete:
        - action.reply_template.v1: { text: done, goto: end }
        - action.reply_template.v1: { text: never }
",
    );
    assert!(graph.at[1].is_none() && graph.at[2].is_some() && graph.at[3].is_none());
    assert_eq!(graph.can_end(), [false; 4]);
    assert!(graph.dead.is_empty(), "nothing comes there anyway");
}

#[test]
fn actions_after_a_goto_are_dead() {
    let (graph, _) = graph(
        "      on_enter:
        - action.reply_template.v1: { text: bye, goto: end }
        - action.reply_template.v1: { text: never }
      steps:
        - { ask: a?, var: kind }
",
    );
    assert_eq!(graph.dead.len(), 1);
    assert!(graph.at[0].is_none());
}

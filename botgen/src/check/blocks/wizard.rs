//! `flow.wizard.v1`: questions, one after another, and what follows from the answers.

use crate::check::flow::actions::{reads, speaks};
use crate::check::flow::steps::{Asked, Known};
use crate::check::flow::{Body, FlowCheck};
use crate::check::graph::Graph;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{expressions, graph as codes, limits};
use crate::ir::{self, Effect};
use crate::syntax::ast;

/// How long a waiting conversation lives by default: a day.
const TTL: i64 = 24 * 60 * 60;
/// Shortest and longest: a minute, thirty days.
const TTL_RANGE: std::ops::RangeInclusive<i64> = 60..=30 * 24 * 60 * 60;
/// Most steps of one wizard.
const STEPS: usize = 200;

/// Checks the flow.
pub fn check(check: &mut FlowCheck<'_>, wizard: &ast::Wizard) -> Option<Body> {
    let flow = check.flow;
    let ttl = ttl(check, wizard);
    if let Some(step) = wizard.steps.get(STEPS) {
        let message = format!("this is step {} of a wizard", STEPS + 1);
        check.cx.sink.report(
            Diagnostic::new(&limits::STEPS, step.span, message).help(format!(
                "a wizard has at most {STEPS} steps: split it into several flows"
            )),
        );
        return None;
    }
    let start = check.start();
    let mut scope = check.scope(&start, None);
    let on_enter = check.actions(&mut scope, &flow.on_enter);
    check.learn_steps(wizard);
    let graph = check.graph(Some(wizard));
    check.find_rows(wizard, &graph);
    let reachable = report_ways(check, wizard, &graph);
    let mut steps: Vec<Option<Asked>> = Vec::new();
    for (index, step) in wizard.steps.iter().enumerate() {
        let env = graph.at.get(index).and_then(Option::as_ref);
        let mark = check.cx.sink.mark();
        steps.push(env.and_then(|env| check.step(wizard, index, step, env)));
        if let (Some(to), Some(ast::OnTimeout::Goto(goto))) = (graph.timeout, &wizard.on_timeout)
            && to == index
        {
            let why = "the timer leads here from any step";
            check
                .cx
                .sink
                .explain(mark, &expressions::NULLABLE, goto.span, why);
        }
    }
    let timeout = check.timeout(wizard, &graph);
    if let Some(Some(read)) = &timeout {
        for asked in steps.iter_mut().flatten() {
            let others = read
                .reads
                .iter()
                .filter(|name| **name != asked.step.var.ident);
            asked.reads.extend(others.cloned());
        }
    }
    let warnings = check.on_step_warnings.take().unwrap_or_default();
    warnings.into_iter().for_each(|d| check.cx.sink.report(d));
    let end = graph.at.last().and_then(Option::as_ref);
    let on_complete = match end {
        Some(env) => {
            let mut scope = check.scope(env, None);
            check.actions(&mut scope, &wizard.on_complete)
        }
        // Nothing ever comes there, and nothing is written there.
        None => Some(Vec::new()),
    };
    let steps: Option<Vec<Asked>> = steps.into_iter().collect();
    let (on_enter, steps, on_complete, timeout) = (on_enter?, steps?, on_complete?, timeout?);
    if !reachable || steps.is_empty() {
        return None;
    }
    silent_end(check, wizard, &on_complete, &steps);
    same_again(check, wizard, &graph, &on_complete, &steps);
    let known = Known::of(check, &graph, &steps, &on_complete);
    let complete_effect = Effect::State.max(check.cx.effect(&on_complete));
    let effects = effects(check, &graph, &steps, complete_effect);
    let entry = check.cx.effect(&on_enter);
    let entry = follow(&graph.entry, &graph, &steps, complete_effect).max(entry);
    let steps = steps
        .into_iter()
        .zip(known.steps)
        .zip(effects)
        .map(|((asked, known), effect)| ir::Step {
            known,
            effect,
            ..asked.step
        })
        .collect();
    Some(Body {
        on_enter,
        effect: entry.max(Effect::State),
        wizard: Some(ir::Wizard {
            ttl: ttl?,
            loaded: known.loaded,
            steps,
            on_complete,
            known_at_end: known.at_end,
            complete_effect,
            timeout: timeout.map(|timeout| timeout.does),
        }),
    })
}

fn ttl(check: &mut FlowCheck<'_>, wizard: &ast::Wizard) -> Option<i64> {
    let Some(ttl) = &wizard.ttl else {
        return Some(TTL);
    };
    if TTL_RANGE.contains(&ttl.node) {
        return Some(ttl.node);
    }
    check.cx.sink.report(
        Diagnostic::new(
            &limits::TTL,
            ttl.span,
            "a wizard waits at least one minute and at most 30 days",
        )
        .help("say `ttl: 24h`, the default, or another time between `1m` and `30d`"),
    );
    None
}

/// Whether every part of the dialogue can be reached and left.
fn report_ways(check: &mut FlowCheck<'_>, wizard: &ast::Wizard, graph: &Graph) -> bool {
    if graph.uncertain || check.flow.incomplete {
        return false;
    }
    let mut fine = true;
    let sink = &mut *check.cx.sink;
    for (step, _) in wizard
        .steps
        .iter()
        .zip(&graph.at)
        .filter(|(_, at)| at.is_none())
    {
        fine = false;
        let id = step.id.as_ref().unwrap_or(&step.var);
        sink.report(
            Diagnostic::new(
                &codes::UNREACHABLE_STEP,
                step.span,
                format!("the step `{}` is never asked", id.value),
            )
            .help("the steps before it always go elsewhere: let a `case` or `goto` name it, or remove it"),
        );
    }
    if let (true, Some(first), Some(None)) = (fine, wizard.on_complete.first(), graph.at.last()) {
        fine = false;
        sink.report(
            Diagnostic::new(
                &codes::UNREACHABLE_END,
                first.span,
                "the wizard never comes to its `on_complete`",
            )
            .help("the last step always goes elsewhere: let it have no `case`, so that it goes on in order"),
        );
    }
    let can_end = graph.can_end();
    let stuck = wizard
        .steps
        .iter()
        .enumerate()
        .find(|(i, _)| graph.at[*i].is_some() && !can_end[*i]);
    if let (true, Some((_, step))) = (fine, stuck) {
        fine = false;
        let id = step.id.as_ref().unwrap_or(&step.var);
        sink.report(
            Diagnostic::new(
                &codes::NO_WAY_OUT,
                step.span,
                format!("from the step `{}` on the dialogue never ends", id.value),
            )
            .help("every answer leads back to a question: let one of the ways lead to the end, or to `goto: end`"),
        );
    }
    fine
}

fn silent_end(
    check: &mut FlowCheck<'_>,
    wizard: &ast::Wizard,
    on_complete: &[ir::Action],
    steps: &[Asked],
) {
    let last = steps.last().is_some_and(|s| speaks(&s.step.after));
    if speaks(on_complete) || last || check.flow.incomplete {
        return;
    }
    let command = check.cx.command;
    let span = wizard
        .steps
        .last()
        .map_or(check.flow.block.span, |s| s.span);
    check.cx.sink.report(
        Diagnostic::new(
            &codes::SILENT_END,
            span,
            format!("after the last answer to `/{command}` nothing is said"),
        )
        .help("add an `action.reply_template.v1` to `on_complete`"),
    );
}

/// After a conflict the person is asked again; if nothing that the statement reads is asked then, it fails again.
fn same_again(
    check: &mut FlowCheck<'_>,
    wizard: &ast::Wizard,
    graph: &Graph,
    on_complete: &[ir::Action],
    steps: &[Asked],
) {
    for (action, typed) in wizard.on_complete.iter().zip(on_complete) {
        let (
            ast::ActionKind::Exec(written),
            ir::ActionKind::Sql {
                on_conflict: Some(conflict),
                ..
            },
        ) = (&action.kind, &typed.kind)
        else {
            continue;
        };
        let (ir::Target::Step(back), Some(goto)) = (
            conflict.target,
            written.on_conflict.as_ref().and_then(|c| c.goto.as_ref()),
        ) else {
            continue;
        };
        let read = reads(check, std::slice::from_ref(typed));
        let mut asked = vec![false; graph.edges.len()];
        let mut todo = vec![back];
        while let Some(node) = todo.pop() {
            if !std::mem::replace(&mut asked[node], true) {
                todo.extend(graph.edges[node].iter().map(|e| e.to));
            }
        }
        let again = steps.iter().zip(&asked).filter(|(_, asked)| **asked);
        let mut names = again.clone().map(|(s, _)| s.step.var.ident.as_str());
        if names.any(|ident| read.contains(ident)) {
            continue;
        }
        let asked: Vec<String> = again
            .map(|(s, _)| format!("`{}`", s.step.var.name))
            .collect();
        check.cx.sink.report(
            Diagnostic::new(
                &codes::SAME_AGAIN,
                goto.span,
                format!(
                    "from `{}` on only {} is asked again, which this statement does not read: it fails again",
                    goto.value,
                    asked.join(", ")
                ),
            )
            .note(written.sql.span, "the statement")
            .help("go to a step whose answer the statement stores, or leave `goto` out, so that the flow ends"),
        );
    }
}

/// The effect of each accepted answer, over every way that it can take until the next question.
fn effects(check: &FlowCheck<'_>, graph: &Graph, steps: &[Asked], complete: Effect) -> Vec<Effect> {
    let of = |(i, asked): (usize, &Asked)| {
        let own = check.cx.effect(&asked.step.after);
        // What leads on from an asked step, without the ways that pass it over: those are a subset.
        follow(&graph.edges[i], graph, steps, complete)
            .max(own)
            .max(Effect::State)
    };
    steps.iter().enumerate().map(of).collect()
}

/// The effect of following edges until a question is asked.
fn follow(
    edges: &[crate::check::graph::Edge],
    graph: &Graph,
    steps: &[Asked],
    complete: Effect,
) -> Effect {
    let mut seen = vec![false; graph.edges.len()];
    let mut waiting: Vec<_> = edges.to_vec();
    let mut effect = Effect::Pure;
    while let Some(edge) = waiting.pop() {
        if std::mem::replace(&mut seen[edge.to], true) {
            continue;
        }
        match steps.get(edge.to) {
            None => effect = effect.max(complete),
            // In order a step may be passed over; then the next one in order is come to.
            Some(asked)
                if edge.in_order && (asked.step.when.is_some() || asked.step.unless_arg) =>
            {
                waiting.push(crate::check::graph::Edge {
                    to: edge.to + 1,
                    in_order: true,
                });
            }
            Some(_) => {}
        }
    }
    effect
}

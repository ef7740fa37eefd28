//! Which answers a step must carry on because something further on reads them.

use std::collections::BTreeSet;

use super::{Edge, Graph};

/// What one node reads and writes, by Rust identifier.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Read while it is asked or after its answer, its own variable not among them.
    pub reads: BTreeSet<String>,
    /// Its own variable; `None` for the completion.
    pub writes: Option<String>,
    /// Coming to it in order looks at its own variable (an argument may have filled it).
    pub looks: bool,
}

/// For each node the variables that it or what follows reads before they are written again.
pub fn solve(graph: &Graph, nodes: &[Node]) -> Vec<BTreeSet<String>> {
    let mut live: Vec<BTreeSet<String>> = nodes.iter().map(|n| n.reads.clone()).collect();
    loop {
        let mut changed = false;
        for node in (0..nodes.len()).rev() {
            let mut all = BTreeSet::new();
            for edge in &graph.edges[node] {
                all.extend(entering(nodes, &live, *edge));
            }
            if let Some(own) = &nodes[node].writes {
                all.remove(own);
                // A step that waits may be left by its timer, without an answer.
                if let Some(to) = graph.timeout {
                    let further = live[to].iter().filter(|name| *name != own);
                    all.extend(further.cloned());
                }
            }
            let before = live[node].len();
            live[node].append(&mut all);
            changed |= live[node].len() != before;
        }
        if !changed {
            return live;
        }
    }
}

/// What must be known to take an edge.
pub fn entering(nodes: &[Node], live: &[BTreeSet<String>], edge: Edge) -> BTreeSet<String> {
    let mut all = live[edge.to].clone();
    if edge.in_order
        && nodes[edge.to].looks
        && let Some(own) = &nodes[edge.to].writes
    {
        all.insert(own.clone());
    }
    all
}

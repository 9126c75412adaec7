//! A tree of services, as lines and as a graph of Graphviz.

use std::{collections::HashMap, fmt::Write as _};

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::{
    style::{bold, dim, painted},
    table::cut_text,
};
use crate::status::Status;

/// A service or a check, with what is behind it.
#[derive(Debug, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) status: Status,
    /// Whether it is a check at fault, and not a service.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_check: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Name of the service in its own reports.
    #[serde(skip)]
    pub(crate) service: Option<String>,
    /// Whether another node of this service has what is behind it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_repeated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) const fn new(name: String, status: Status) -> Self {
        Self { name, status, is_check: false, note: None, service: None, is_repeated: false, children: Vec::new() }
    }

    /// Creates the node of a check.
    pub(crate) fn check(name: &str, status: Status) -> Self {
        Self { is_check: true, ..Self::new(name.to_owned(), status) }
    }

    /// Adds a path of services that ends with a check at fault, below nodes that are there. All of it has this status.
    pub(crate) fn insert(&mut self, names: &[&str], status: Status) {
        let [first, rest @ ..] = names else { return };
        let at = self.children.iter().position(|child| child.name == *first);
        let at = at.unwrap_or_else(|| {
            self.children.push(Self::new((*first).to_owned(), status));
            self.children.len() - 1
        });
        let child = &mut self.children[at];
        child.is_check = rest.is_empty() && child.children.is_empty();
        child.insert(rest, status);
    }
}

/// Returns a line for each node.
pub(crate) fn tree_lines(root: &Node, width: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    add_lines(root, "", "", width, &mut lines);
    lines
}

fn add_lines(node: &Node, before: &str, below: &str, width: Option<usize>, lines: &mut Vec<String>) {
    let status = painted(node.status, &format!("{} {}", node.status.sign(), node.status.word()));
    let name = if node.is_check { node.name.clone() } else { bold(&node.name) };
    let used = before.width() + node.name.width() + node.status.word().len() + 4;
    let remark = node.note.as_ref().map(|text| match width {
        Some(width) => dim(&cut_text(text, width.saturating_sub(used + 2).max(20))),
        None => dim(text),
    });
    let remark = remark.map(|text| format!("  {text}")).unwrap_or_default();
    lines.push(format!("{before}{name}  {status}{remark}"));
    for (index, child) in node.children.iter().enumerate() {
        let (branch, rest) = if index + 1 == node.children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        add_lines(child, &format!("{below}{branch}"), &format!("{below}{rest}"), width, lines);
    }
}

/// Returns the graph in Graphviz's language.
pub(crate) fn dot(trees: &[Node]) -> String {
    let mut graph =
        Graph { text: String::from("digraph health {\n  rankdir=LR;\n  node [style=filled];\n"), ..Graph::default() };
    for tree in trees {
        graph.add(tree, None);
    }
    graph.text.push('}');
    graph.text
}

#[derive(Default)]
struct Graph<'a> {
    text: String,
    next: usize,
    /// Numbers of services that have everything behind them.
    services: HashMap<&'a str, usize>,
}

impl<'a> Graph<'a> {
    fn add(&mut self, node: &'a Node, parent: Option<usize>) {
        let known = node.service.as_deref().filter(|_| node.is_repeated).and_then(|name| self.services.get(name));
        let id = known.copied().unwrap_or_else(|| self.add_box(node));
        if let Some(parent) = parent {
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "  n{parent} -> n{id};");
        }
        for child in &node.children {
            self.add(child, Some(id));
        }
    }

    /// Adds a node without edges, and returns its number.
    fn add_box(&mut self, node: &'a Node) -> usize {
        let id = self.next;
        self.next += 1;
        if let Some(service) = &node.service {
            self.services.entry(service).or_insert(id);
        }
        let fill = match node.status {
            Status::Pass => "#c8e6c9",
            Status::Warn => "#fff3c4",
            Status::Unknown => "#e1d5e7",
            Status::Fail => "#f8c9c4",
        };
        let shape = if node.is_check { "ellipse" } else { "box" };
        let name = node.name.replace('\\', "\\\\").replace('"', "\\\"");
        let word = node.status.word();
        let _ = writeln!(self.text, "  n{id} [label=\"{name}\\n{word}\", shape={shape}, fillcolor=\"{fill}\"];");
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_share_their_services() {
        let mut root = Node::new("orders".to_owned(), Status::Fail);
        root.insert(&["billing", "db"], Status::Fail);
        root.insert(&["billing", "ledger", "disk"], Status::Fail);
        root.insert(&["cache"], Status::Fail);
        assert_eq!(
            tree_lines(&root, None)
                .iter()
                .map(|line| anstream::adapter::strip_str(line).to_string())
                .collect::<Vec<_>>(),
            [
                "orders  ✗ fail",
                "├─ billing  ✗ fail",
                "│  ├─ db  ✗ fail",
                "│  └─ ledger  ✗ fail",
                "│     └─ disk  ✗ fail",
                "└─ cache  ✗ fail",
            ]
        );
    }

    #[test]
    fn graph_escapes_names() {
        let text = dot(&[Node::new("a\"b\\c".to_owned(), Status::Pass)]);
        assert!(text.contains(r#"n0 [label="a\"b\\c\npass", shape=box"#), "{text}");
    }
}

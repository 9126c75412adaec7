//! A tree of services, as lines and as a graph of Graphviz.

use std::fmt::Write as _;

use serde::Serialize;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) const fn new(name: String, status: Status) -> Self {
        Self { name, status, is_check: false, note: None, children: Vec::new() }
    }

    /// Adds a path of services that ends with a check at fault, below nodes that are there.
    pub(crate) fn insert(&mut self, names: &[&str]) {
        let [first, rest @ ..] = names else { return };
        let at = self.children.iter().position(|child| child.name == *first);
        let at = at.unwrap_or_else(|| {
            self.children.push(Self::new((*first).to_owned(), Status::Fail));
            self.children.len() - 1
        });
        let child = &mut self.children[at];
        child.is_check = rest.is_empty() && child.children.is_empty();
        child.insert(rest);
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
    let used = before.chars().count() + node.name.chars().count() + node.status.word().len() + 4;
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
pub(crate) fn dot(root: &Node) -> String {
    let mut text = String::from("digraph health {\n  rankdir=LR;\n  node [style=filled];\n");
    let mut next = 0;
    add_dot(root, None, &mut next, &mut text);
    text.push('}');
    text
}

fn add_dot(node: &Node, parent: Option<usize>, next: &mut usize, text: &mut String) {
    let id = *next;
    *next += 1;
    let fill = match node.status {
        Status::Pass => "#c8e6c9",
        Status::Warn => "#fff3c4",
        Status::Unknown => "#e1d5e7",
        Status::Fail => "#f8c9c4",
    };
    let shape = if node.is_check { "ellipse" } else { "box" };
    let name = node.name.replace('\\', "\\\\").replace('"', "\\\"");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  n{id} [label=\"{name}\\n{}\", shape={shape}, fillcolor=\"{fill}\"];", node.status.word());
    if let Some(parent) = parent {
        let _ = writeln!(text, "  n{parent} -> n{id};");
    }
    for child in &node.children {
        add_dot(child, Some(id), next, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_share_their_services() {
        let mut root = Node::new("orders".to_owned(), Status::Fail);
        root.insert(&["billing", "db"]);
        root.insert(&["billing", "ledger", "disk"]);
        root.insert(&["cache"]);
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
        let text = dot(&Node::new("a\"b\\c".to_owned(), Status::Pass));
        assert!(text.contains(r#"n0 [label="a\"b\\c\npass", shape=box"#), "{text}");
    }
}

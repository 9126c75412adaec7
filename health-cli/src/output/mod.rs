//! Output: lines and tables for people, JSON and plugin lines for programs.

mod json;
mod nagios;
mod report;
mod style;
mod table;
mod terminal;
mod tree;

pub(crate) use json::{failure_json, report_json, tally, to_line};
pub(crate) use nagios::{plugin_failure, plugin_report};
pub(crate) use report::report_lines;
pub(crate) use style::{bold, dim, painted, status_word};
pub(crate) use table::{Table, cut_line, cut_text};
pub(crate) use terminal::Terminal;
pub(crate) use tree::{Node, dot, tree_lines};

//! The tools, and what they say about themselves. Nothing here depends on checks: names and descriptions go into the prompts
//! of clients.

use serde_json::{Value, json};

use super::schemas;

/// A tool, in the order in which clients see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Overview,
    Report,
    Check,
    Explain,
    Changes,
    Mute,
    Unmute,
}

impl Tool {
    const ALL: [Self; 7] =
        [Self::Overview, Self::Report, Self::Check, Self::Explain, Self::Changes, Self::Mute, Self::Unmute];

    /// Returns the tools of an endpoint. The tools for operations exist only where a policy grants the right to somebody.
    pub(super) fn all(has_operators: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |tool| has_operators || !tool.operates())
    }

    pub(super) fn named(name: &str, has_operators: bool) -> Option<Self> {
        Self::all(has_operators).find(|tool| tool.name() == name)
    }

    const fn operates(self) -> bool {
        matches!(self, Self::Mute | Self::Unmute)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Overview => "health_overview",
            Self::Report => "health_report",
            Self::Check => "health_check",
            Self::Explain => "health_explain",
            Self::Changes => "health_changes",
            Self::Mute => "health_mute",
            Self::Unmute => "health_unmute",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Health overview",
            Self::Report => "Health report",
            Self::Check => "One health check",
            Self::Explain => "Root causes",
            Self::Changes => "Recent changes of health",
            Self::Mute => "Mute a health check",
            Self::Unmute => "End the mute of a health check",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Overview => {
                "Returns the status of the service and of each level, the checks that fail or warn, and what is running. \
                 Checks whose result is too old are run again."
            }
            Self::Report => {
                "Returns the checks with their statuses, times and causes: of one level, of one group that an \
                 orchestrator probes, or of all levels; with `tag` only those with this tag. Checks whose result is too \
                 old are run again, unless `run` is false: then the latest results are returned, of any age, and \
                 `without_result` names the checks that have none."
            }
            Self::Check => {
                "Returns one check: its result, its latest changes, the checks that it depends on, and those that are \
                 blocked while it fails."
            }
            Self::Explain => {
                "Explains why the service fails or warns: the checks at fault and not those that fail because of them, \
                 since when, what each of them blocks, its latest changes, its owner and its runbook. A root cause such \
                 as `billing/db` is the check `db` of another service, `billing`. Begin here."
            }
            Self::Changes => {
                "Returns the changes of statuses, the oldest first, 100 at most and then the latest ones. Pass the time \
                 of the last change to read on from there."
            }
            Self::Mute => {
                "Mutes a check for some time: it still runs and is shown, but it counts for nothing, so that its failure \
                 alerts nobody and takes no service out of rotation. Needs a right of its own, and records the caller \
                 and the reason for everybody who sees the check. Ask a person before you call it."
            }
            Self::Unmute => "Ends the mute of a check, so that it counts again. Needs a right of its own.",
        }
    }

    /// Returns the entry in the list of tools.
    pub(super) fn definition(self) -> Value {
        json!({
            "name": self.name(),
            "title": self.title(),
            "description": self.description(),
            "inputSchema": self.input_schema(),
            "outputSchema": self.output_schema(),
            "annotations": {
                "title": self.title(),
                "readOnlyHint": !self.operates(),
                // Neither only adds something: a mute hides failures and replaces another one, whose end removes it.
                "destructiveHint": self.operates(),
                // Each mute begins anew.
                "idempotentHint": self != Self::Mute,
                "openWorldHint": false,
            },
        })
    }

    fn input_schema(self) -> Value {
        let (properties, required) = match self {
            Self::Overview | Self::Explain => (json!({}), json!([])),
            Self::Report => {
                let properties = json!({
                    "level": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 5,
                        "description": "The level: 5 is cheap, and 1 includes all others. Not with `group`.",
                    },
                    "group": { "enum": ["liveness", "readiness", "startup"], "description": "Not with `level`." },
                    "tag": { "type": "string", "minLength": 1 },
                    "run": { "type": "boolean", "default": true, "description": "Whether checks may be run." },
                });
                (properties, json!([]))
            }
            Self::Check | Self::Unmute => {
                let name = json!({ "type": "string", "minLength": 1, "description": "The name of the check." });
                (json!({ "name": name }), json!(["name"]))
            }
            Self::Changes => {
                let since = json!({
                    "type": "string",
                    "description": "A duration back from now such as `30m` or `2h`, or a time such as \
                                    `2026-11-22T10:00:00Z`. Default: all changes that are kept.",
                });
                (json!({ "since": since }), json!([]))
            }
            Self::Mute => {
                let properties = json!({
                    "name": { "type": "string", "minLength": 1, "description": "The name of the check." },
                    "for": { "type": "string", "description": "A duration such as `30m` or `2h`, from `1s` to `7d`." },
                    "reason": { "type": "string", "minLength": 1, "maxLength": 256, "description": "One line." },
                });
                (properties, json!(["name", "for", "reason"]))
            }
        };
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    fn output_schema(self) -> Value {
        match self {
            Self::Overview => schemas::overview(),
            Self::Report => schemas::report(),
            Self::Check => schemas::check(),
            Self::Explain => schemas::explanation(),
            Self::Changes => schemas::changes(),
            Self::Mute | Self::Unmute => schemas::muted(),
        }
    }
}

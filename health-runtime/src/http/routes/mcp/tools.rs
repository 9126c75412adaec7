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
}

impl Tool {
    pub(super) const ALL: [Self; 5] = [Self::Overview, Self::Report, Self::Check, Self::Explain, Self::Changes];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Overview => "health_overview",
            Self::Report => "health_report",
            Self::Check => "health_check",
            Self::Explain => "health_explain",
            Self::Changes => "health_changes",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Health overview",
            Self::Report => "Health report",
            Self::Check => "One health check",
            Self::Explain => "Root causes",
            Self::Changes => "Recent changes of health",
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
                "readOnlyHint": true,
                "destructiveHint": false,
                "idempotentHint": true,
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
            Self::Check => {
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
        }
    }
}

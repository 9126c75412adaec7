//! `healthctl run`, `mute`, `unmute`, `drill` and `undrill`: operations for callers to whom the service grants them.

use serde_json::{Map, Value};

use crate::{
    args::{DrillArgs, MuteArgs, OperateArgs},
    client::{Deadline, HttpAnswer, Method},
    exit::Exit,
    failure::{Failure, FailureKind},
    output::{Terminal, report_json, report_lines},
    question::{Answered, check_path},
    report::read_answer,
    target::Target,
    text::printable_value,
};

/// A request to do something with a check.
struct Operation<'a> {
    args: &'a OperateArgs,
    verb: &'static str,
    body: Map<String, Value>,
}

pub(super) async fn run(args: &OperateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (answer, target) = Operation { args, verb: "run", body: Map::new() }.send().await?;
    let report = read_answer(&answer, &target, true)?;
    let exit = Exit::of_status(report.status, false);
    let answered = Answered { report, target, elapsed: answer.elapsed };
    if args.json {
        terminal.line(&report_json(&answered));
    } else {
        for line in report_lines(&answered, terminal.width) {
            terminal.line(&line);
        }
    }
    Ok(exit)
}

pub(super) async fn mute(args: &MuteArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let body = [("for", args.duration.as_str()), ("reason", args.reason.as_str())];
    Operation { args: &args.operate, verb: "mute", body: texts(body) }.show(terminal).await
}

pub(super) async fn unmute(args: &OperateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    Operation { args, verb: "unmute", body: Map::new() }.show(terminal).await
}

pub(super) async fn drill(args: &DrillArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut body =
        texts([("behavior", args.behavior.word()), ("for", args.duration.as_str()), ("reason", args.reason.as_str())]);
    if let Some(delay) = &args.delay {
        body.insert("delay".to_owned(), delay.as_str().into());
    }
    if args.liveness {
        body.insert("liveness".to_owned(), true.into());
    }
    Operation { args: &args.operate, verb: "drill", body }.show(terminal).await
}

pub(super) async fn undrill(args: &OperateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    Operation { args, verb: "undrill", body: Map::new() }.show(terminal).await
}

fn texts<const N: usize>(fields: [(&str, &str); N]) -> Map<String, Value> {
    fields.into_iter().map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}

impl Operation<'_> {
    /// Sends the request, and shows the state of the check after it.
    async fn show(self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let (is_json, name) = (self.args.json, self.args.name.clone());
        let key = if self.verb.ends_with("mute") { "muted" } else { "drill" };
        let (answer, target) = self.send().await?;
        let body = serde_json::from_slice(&answer.body).map(printable_value);
        let body =
            body.map_err(|_| Failure::not_a_report(format!("{target} answers {} without valid JSON", answer.code)))?;
        if is_json {
            terminal.line(&body.to_string());
            return Ok(Exit::Pass);
        }
        let state = &body[key];
        let text = |key: &str| state[key].as_str().unwrap_or_default();
        let line = match (key, state.is_null()) {
            ("muted", true) => format!("{name} counts again"),
            ("muted", false) => {
                format!("{name} is muted until {} by {}: {}", text("until"), text("by"), text("reason"))
            }
            (_, true) => format!("{name} runs as it is again"),
            (_, false) => format!(
                "{name} behaves as `{}` until {}, by {}: {}; `healthctl undrill` ends it",
                text("behavior"),
                text("until"),
                text("by"),
                text("reason")
            ),
        };
        terminal.line(&line);
        Ok(Exit::Pass)
    }

    async fn send(self) -> Result<(HttpAnswer, Target), Failure> {
        let Self { args, verb, body } = self;
        let base = args.target()?;
        if base.is_grpc {
            return Err(Failure::usage("gRPC knows no operations; write the HTTP address of the service"));
        }
        let client = args.connection.client()?;
        let target = base.at(&format!("{}/{verb}", check_path(&base, &args.name)), "");
        let method = Method::Post(Value::Object(body).to_string());
        let headers = [("accept", "application/json")];
        let answer = client.send(&method, &target, &headers, Deadline::after(args.timeout)).await?;
        // The request to run a check succeeds although the check fails.
        if answer.code == 200 {
            return Ok((answer, target));
        }
        let failure = match read_answer(&answer, &target, client.has_credentials()) {
            Err(failure) => failure,
            Ok(_) => Failure::not_a_report(format!("{target} answers {}", answer.code)),
        };
        let advice = match answer.code {
            404 => "; the name may be wrong, or the service allows nobody to operate its checks",
            403 if client.has_credentials() => "; a policy grants operations by `may_operate`",
            _ => "",
        };
        let kind = if failure.kind == FailureKind::Refused { FailureKind::Refused } else { FailureKind::NotAReport };
        Err(Failure::new(kind, format!("{failure}{advice}")))
    }
}

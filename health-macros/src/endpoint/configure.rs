//! Reads the value of `configure`: a closure, or another function of the builder.

use syn::{Error, Expr, ExprClosure, Result, Stmt, parse::ParseStream, spanned::Spanned as _};

use super::values::{example, quoted};
use crate::source::source;

/// The methods of the builder without a key.
const METHODS: [&str; 14] = [
    "status_codes",
    "envoy",
    "agent",
    "on_change",
    "alert_to",
    "event_streams",
    "muted",
    "max_depth",
    "without_declared_checks",
    "without_root_probes",
    "without_duration_histogram",
    "isolated_checks",
    "adjust",
    "without",
];

/// Reads a closure, or an expression that may yield one.
pub(super) fn closure(input: ParseStream) -> Result<Expr> {
    let value: Expr = input.parse()?;
    let message = match &value {
        Expr::Closure(closure) => return check_body(closure).map(|()| value),
        Expr::Array(list) if list.elems.len() == 1 => "`configure` takes one function; remove the brackets".to_owned(),
        Expr::Lit(_) | Expr::Array(_) | Expr::Tuple(_) => {
            format!("{} is not a function; write for example `{}`", quoted(&value), example("configure"))
        }
        value => match calls(value) {
            Some(calls) => format!("`configure` takes a closure; write `configure: |builder| {calls}`"),
            None => return Ok(value.clone()),
        },
    };
    Err(Error::new_spanned(&value, message))
}

/// Returns the calls on the builder in `builder.a()`, `{ builder.a() }`, `a` and `a()`.
fn calls(value: &Expr) -> Option<String> {
    let is_method =
        |value: &Expr| matches!(value, Expr::Path(path) if METHODS.iter().any(|name| path.path.is_ident(name)));
    match value {
        Expr::MethodCall(call) => {
            let mut first = &*call.receiver;
            while let Expr::MethodCall(call) = first {
                first = &call.receiver;
            }
            matches!(first, Expr::Path(path) if path.path.is_ident("builder")).then(|| source(value))
        }
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(value, _)] => calls(value),
            _ => None,
        },
        Expr::Call(call) if is_method(&call.func) => Some(format!("builder.{}", source(value))),
        value if is_method(value) => Some(format!("builder.{}()", source(value))),
        _ => None,
    }
}

/// Refuses a closure that returns nothing or a `Result`. No method of the builder fails before the endpoint is built.
fn check_body(closure: &ExprClosure) -> Result<()> {
    match &*closure.body {
        Expr::Try(failing) => Err(Error::new(
            failing.question_token.span(),
            "`configure` cannot fail, and neither can the methods of the builder; remove the `?`",
        )),
        Expr::MethodCall(call) if call.method == "build" => Err(Error::new(
            call.method.span(),
            "`health_endpoint!` builds the endpoint behind this closure; remove `.build()`",
        )),
        Expr::Block(block) => match block.block.stmts.last() {
            Some(Stmt::Expr(Expr::MethodCall(_), Some(semicolon))) => {
                let message = "the closure has to return the builder; remove this `;`";
                Err(Error::new(semicolon.span(), message))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

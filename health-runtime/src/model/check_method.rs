/// An asynchronous method, or another function, that checks the `T` that it borrows: the last argument of
/// [`Check::on`](crate::Check::on).
///
/// Every `async fn(&T) -> R` implements it, as does an `async |value: &T| …` without captures. It gives the future of
/// such a function a name, so that the runtime can require it to be `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an asynchronous check of a `{T}`",
    label = "has to be an `async fn` whose only parameter is `&{T}`",
    note = "write for example `{T}::is_ready`, or `async |value: &{T}| value.is_ready().await`; such a closure captures nothing, so put into the value what it needs",
    note = "for a function that blocks its thread write `Check::blocking(name, level, move || value.is_ready())`"
)]
pub trait CheckMethod<'a, T: 'a>: Fn(&'a T) -> Self::Run {
    /// Answer of a run.
    type Answer;
    /// Future of a run, which borrows the value.
    type Run: Future<Output = Self::Answer>;
}

// Not recommended, so that a message names the trait above and its notes, not the bound that a function lacks.
#[diagnostic::do_not_recommend]
impl<'a, T: 'a, F: Fn(&'a T) -> Run, Run: Future> CheckMethod<'a, T> for F {
    type Answer = Run::Output;
    type Run = Run;
}

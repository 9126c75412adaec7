/// An asynchronous method, or another function, that checks the `T` that it borrows: the last argument of
/// [`Check::on`](crate::Check::on).
///
/// Every `async fn(&T) -> R` implements it, as does an `async |value: &T| …` without captures. It gives the future of
/// such a function a name, so that the runtime can require it to be `Send`.
#[diagnostic::on_unimplemented(
    message = "`Check::on` cannot run this function on a `{T}`",
    label = "has to be an `async fn` with the parameter `&{T}`, or an `async |value: &{T}|` closure without captures",
    note = "for a function that is not async write `Check::blocking(name, level, move || value.is_ready())`",
    note = "for a closure that captures another value put that value into the `{T}`, or write `Check::new(name, level, move || …)`"
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

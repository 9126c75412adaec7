//! The functions that the constructors of [`Check`](crate::Check) take, with their messages.

/// An asynchronous method, or another function, that checks the `T` that it borrows: the last argument of
/// [`Check::on`](crate::Check::on).
///
/// Every `async fn(&T) -> R` implements it, as does an `async |value: &T| …` without captures. It gives the future of
/// such a function a name, so that the runtime can require it to be `Send`.
#[diagnostic::on_unimplemented(
    message = "`Check::on` takes an `async fn(&{T})`, or an `async |value: &{T}| …` closure without captures",
    label = "is not `async`, or is a call, or captures a value",
    note = "a method stands there by its path, without a call: `{T}::is_ready`",
    note = "for a function that is not async write `Check::blocking(name, level, move || value.is_ready())`",
    note = "a captured value belongs into the `{T}`; or write `Check::new(name, level, move || {{ let value = value.clone(); async move {{ … }} }})`"
)]
pub trait CheckMethod<'a, T: ?Sized + 'a>: Fn(&'a T) -> Self::Run {
    /// Answer of a run.
    type Answer;
    /// Future of a run, which borrows the value.
    type Run: Future<Output = Self::Answer>;
}

// Not recommended, so that a message names the trait above and its notes, not the bound that a function lacks.
#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized + 'a, F: Fn(&'a T) -> Run, Run: Future> CheckMethod<'a, T> for F {
    type Answer = Run::Output;
    type Run = Run;
}

/// The future of a check: the result of the function that [`Check::new`](crate::Check::new) takes. Every future implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a future, which `Check::new` has to run",
    label = "takes a function that returns a future",
    note = "write `|| async {{ … }}`, or `Check::blocking` for a function that is not async"
)]
pub trait CheckFuture {
    /// Answer of a run.
    type Answer;
    /// The future itself.
    type Run: Future<Output = Self::Answer>;
    /// Returns the future.
    fn into_run(self) -> Self::Run;
}

#[diagnostic::do_not_recommend]
impl<F: Future> CheckFuture for F {
    type Answer = F::Output;
    type Run = F;

    fn into_run(self) -> F {
        self
    }
}

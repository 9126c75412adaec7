//! The declaration of a check as generated code hands it over: data and plain functions, so that the code of one check is
//! small. All that checks have in common stands here.
//!
//! Not public API. Used by generated code.

use std::{
    any::{Any, type_name},
    fmt,
    panic::Location,
    pin::Pin,
    sync::Arc,
};

use crate::{
    error::Problem,
    library_settings::LibrarySettings,
    model::{Check, CheckName, Level, Outcome, SizedState, StateValue, Work},
    state::State,
};

/// The constant beside a function with `#[health_check]`. All of the program are collected.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The check's key in every format, without the prefix of its crate.
    pub name: &'static str,
    /// The module of the function. Its first segment is the crate.
    pub module: &'static str,
    /// The depth of the check: from 5, the cheapest, down to 1, the deepest.
    pub level: Level,
    /// The checks named by path that must work for this one: if one of them fails, it is not run and fails as blocked.
    pub depends_on: &'static [Self],
    /// Location of the function.
    pub location: &'static Location<'static>,
    /// The doc comment. Empty without one.
    pub description: &'static str,
    /// The types of the function's parameters, in order.
    pub parameters: &'static [ParameterType],
    /// The call of the function.
    pub work: DeclaredWork,
    /// Applies the keys: each is a call on the check.
    pub keys: fn(Check) -> Check,
}

/// The call of a declared function.
#[derive(Clone, Copy)]
pub enum DeclaredWork {
    /// An `async fn`.
    Task(fn(&Arguments) -> RunFuture<'_>),
    /// A function that blocks its thread.
    Blocking(fn(&Arguments) -> Outcome),
}

/// The future of one run, which borrows its state.
pub type RunFuture<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// The type of one parameter.
pub struct ParameterType {
    is_optional: bool,
    type_name: fn() -> &'static str,
    find: fn(&State) -> Option<Value>,
}

/// The values for the parameters of one check, in order.
#[derive(Clone)]
pub struct Arguments(Arc<[Option<Value>]>);

type Value = Arc<dyn Any + Send + Sync>;

#[expect(clippy::needless_maybe_sized, reason = "else the compiler reports the size, without the remedy")]
impl ParameterType {
    /// Returns the type of a parameter `&T`. Without a value the service does not start.
    #[must_use]
    pub const fn required<T: StateValue + SizedState + ?Sized>() -> Self {
        Self { is_optional: false, type_name: type_name::<T>, find: find::<T> }
    }

    /// Returns the type of a parameter `Option<&T>`.
    #[must_use]
    pub const fn optional<T: StateValue + SizedState + ?Sized>() -> Self {
        Self { is_optional: true, type_name: type_name::<T>, find: find::<T> }
    }
}

fn find<T: StateValue + SizedState>(state: &State) -> Option<Value> {
    state.get::<T>().map(|value| value as Value)
}

#[expect(clippy::needless_maybe_sized, reason = "else the compiler reports the size, without the remedy")]
impl Arguments {
    /// Returns the value of a parameter `&T`.
    ///
    /// # Panics
    /// Without a value of this type at the index. [`Declaration::check`] looks up all of them, so no check runs without.
    #[must_use]
    #[track_caller]
    pub fn required<T: StateValue + SizedState + ?Sized>(&self, index: usize) -> &T {
        match self.optional(index) {
            Some(value) => value,
            None => panic!("the state of this check has no `{}`", type_name::<T>()),
        }
    }

    /// Returns the value of a parameter `Option<&T>`.
    #[must_use]
    pub fn optional<T: StateValue + SizedState + ?Sized>(&self, index: usize) -> Option<&T> {
        self.0.get(index)?.as_deref()?.downcast_ref()
    }
}

/// Boxes the future of a run (the compiler shows the comment below where one is not `Send`), and converts its answer by code
/// that all checks with this return type share. The conversion comes as a function, so that a type without one is reported
/// where generated code repeats it.
#[must_use]
pub fn run<'a, F>(future: F, convert: fn(F::Output) -> Outcome) -> RunFuture<'a>
where
    F: Future<Output: 'a> + Send + 'a, // across an `.await` keep only what is `Send`; a parameter has to be `Sync`
{
    answer(Box::new(future), convert)
}

fn answer<'a, T: 'a>(future: Box<dyn Future<Output = T> + Send + 'a>, convert: fn(T) -> Outcome) -> RunFuture<'a> {
    let future = Box::into_pin(future);
    Box::pin(async move { convert(future.await) })
}

impl Declaration {
    /// Returns the name of the check, for code that names it by path.
    #[must_use]
    pub const fn check_name(&self) -> CheckName {
        let module = self.module.as_bytes();
        let mut length = 0;
        while length < module.len() && module[length] != b':' {
            length += 1;
        }
        CheckName::declared(self.name, self.module.split_at(length).0)
    }

    /// Returns whether the check, and all that it depends on by path, are of level 5.
    #[must_use]
    pub const fn is_shallow(&self) -> bool {
        let mut rest = self.depends_on;
        while let [dependency, others @ ..] = rest {
            if !dependency.is_shallow() {
                return false;
            }
            rest = others;
        }
        matches!(self.level, Level::L5)
    }

    /// Returns the check with its state. Returns it even if state is missing, so that the same start finds its other
    /// problems. It is never run, because the problem stops the start.
    pub(crate) fn check(&self, libraries: &LibrarySettings, state: &State, problems: &mut Vec<Problem>) -> Check {
        let arguments: Arc<[_]> = self.parameters.iter().map(|parameter| (parameter.find)(state)).collect();
        let mut missing: Vec<&str> = Vec::new();
        for (parameter, value) in self.parameters.iter().zip(&*arguments) {
            let type_name = (parameter.type_name)();
            // A check may take the same type twice.
            if value.is_none() && !parameter.is_optional && !missing.contains(&type_name) {
                missing.push(type_name);
            }
        }
        let declared_as = self.check_name();
        let crate_name = declared_as.declared_in().unwrap_or_default();
        let name = libraries.full_name(crate_name, self.name);
        let check = Check::from_work(name, self.level, self.work.with(Arguments(arguments))).location(self.location);
        let check = if self.description.is_empty() { check } else { check.description(self.description) };
        let dependencies = self.depends_on.iter().map(Self::check_name);
        let check = (self.keys)(check).declared_as(declared_as).depends_on(dependencies);
        problems.extend(missing.into_iter().map(|type_name| Problem::MissingState {
            check: check.spec().name().to_owned(),
            location: check.spec().location(),
            type_name,
            available: state.type_names(),
        }));
        check
    }
}

/// Applies no key.
#[must_use]
pub const fn no_keys(check: Check) -> Check {
    check
}

impl DeclaredWork {
    /// Lends the state to each run.
    fn with(self, arguments: Arguments) -> Work {
        match self {
            Self::Task(run) => Work::Task(Arc::new(move || {
                let arguments = arguments.clone();
                Box::pin(async move { run(&arguments).await })
            })),
            Self::Blocking(run) => Work::Blocking(Arc::new(move || run(&arguments))),
        }
    }
}

impl fmt::Debug for DeclaredWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task(_) => "Task",
            Self::Blocking(_) => "Blocking",
        })
    }
}

impl fmt::Debug for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.type_name)())
    }
}

/// Shows no value: it may hold secrets.
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").finish_non_exhaustive()
    }
}

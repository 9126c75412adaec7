//! The bounds of values that checks share, with their messages.

/// A value that checks share. One trait, so that the compiler names a missing bound once.
#[diagnostic::on_unimplemented(
    message = "health checks cannot share a `{Self}`, because they run on several threads",
    label = "has to be `Send + Sync + 'static`",
    note = "write `Arc` for `Rc`, and an atomic, a `std::sync::Mutex` or an `RwLock` for `Cell` and `RefCell`, also among the fields of a type of your own",
    note = "for `dyn Trait` write `dyn Trait + Send + Sync`"
)]
pub trait StateValue: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static + ?Sized> StateValue for T {}

/// A type of a parameter. Apart from [`StateValue`], so that a missing size has a message of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be state, because its size is not known at compile time",
    label = "is found by its type, which needs a size",
    note = "take its owner: `&PathBuf` for `&Path`, `&OsString` for `&OsStr`, `&Arc<dyn Trait + Send + Sync>` for `&dyn Trait`, `&Arc<{Self}>` otherwise"
)]
pub trait SizedState: Sized {}

#[diagnostic::do_not_recommend]
impl<T> SizedState for T {}

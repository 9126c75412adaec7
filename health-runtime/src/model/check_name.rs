use std::{borrow::Cow, fmt};

/// A check as code names it: by its name in this program, or by the path of its function.
///
/// A text is the full name, as reports show it. [`check!`](crate::check) makes the name of a declared check from the path of its
/// function; it compiles only where that function is a check, and finds it under any prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckName {
    name: Cow<'static, str>,
    /// The crate that declares the check under this name; `None` for a full name.
    declared_in: Option<&'static str>,
}

impl CheckName {
    /// Returns the name of a declared check, without the prefix of its crate.
    pub(crate) const fn declared(name: &'static str, crate_name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), declared_in: Some(crate_name) }
    }

    /// Returns the name. It lacks the prefix that the application may give to the crate of the check.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    pub(crate) const fn declared_in(&self) -> Option<&'static str> {
        self.declared_in
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A text in any form, such as `&str`, `&String` or `&Arc<str>`.
impl<T: AsRef<str> + ?Sized> From<&T> for CheckName {
    fn from(name: &T) -> Self {
        name.as_ref().to_owned().into()
    }
}

impl From<String> for CheckName {
    fn from(name: String) -> Self {
        Self { name: name.into(), declared_in: None }
    }
}

/// A list of checks: any iterator of names or paths, such as `["db", "cache"]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of checks",
    label = "takes a list of names; write for example `depends_on([\"db\"])` or `depends_on([check!(db)])`",
    note = "a check is named by a text, and a function under `#[health_check]` by `check!(function)`"
)]
pub trait CheckNames {
    /// Converts the items.
    fn into_names(self) -> impl Iterator<Item = CheckName>;
}

#[diagnostic::do_not_recommend]
impl<L: IntoIterator<Item: Into<CheckName>>> CheckNames for L {
    fn into_names(self) -> impl Iterator<Item = CheckName> {
        self.into_iter().map(Into::into)
    }
}

/// A list of texts: any iterator of strings, such as `["external", "payments"]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of texts",
    label = "takes a list; write for example `tags([\"external\", \"payments\"])`"
)]
pub trait Texts {
    /// Converts the items.
    fn into_texts(self) -> impl Iterator<Item = String>;
}

#[diagnostic::do_not_recommend]
impl<L: IntoIterator<Item: Into<String>>> Texts for L {
    fn into_texts(self) -> impl Iterator<Item = String> {
        self.into_iter().map(Into::into)
    }
}

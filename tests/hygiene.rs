//! Expansions use no name that the scope of a caller could redefine, and pass the strictest lints. The lint run of the
//! workspace is part of this test.

#![forbid(unsafe_code)]
#![deny(clippy::pedantic, clippy::style, clippy::complexity)]
#![deny(missing_docs, unreachable_pub, unused, unused_qualifications, single_use_lifetimes, let_underscore_drop)]

/// Checks with every shape that a lint could report.
#[doc(hidden)]
pub mod lints {
    use std::fmt::Error;

    // Imported here, so that a longer path in an expansion would be an unused qualification.
    pub use health_runtime::{BuildInfo, BuildMetadata, IntoOutcome, Level, health_check, health_checks};

    /// It has no `.await`, and arguments that lints discourage.
    #[health_check(level = 5)]
    pub async fn shape(
        small: &bool,
        text: &String,
        list: &Vec<u32>,
        boxed: &Box<dyn Fn() + Send + Sync>,
        optional: Option<&u8>,
    ) -> Result<bool, Error> {
        boxed();
        Ok(*small && text.is_empty() && list.is_empty() && optional.is_none())
    }

    /// Its result could be discarded.
    #[health_check(level = 5, timeout = "2s", readiness, tags("a"))]
    pub fn answer() -> bool {
        true
    }

    /// A time limit of its own.
    pub const LIMIT: std::time::Duration = std::time::Duration::from_secs(2);

    /// Constants, whose rules are items of the registration.
    #[health_check(
        level = Level::L5,
        liveness,
        timeout = LIMIT,
        degraded_after = "1s",
        display = "Constants",
        owner = "tests",
        runbook = "https://wiki.example.com/constants"
    )]
    pub async fn constants() {}

    /// An error that is not `Send` only becomes text.
    #[health_check(level = 5, max_age = "2s")]
    pub async fn error_of_one_thread(level: &u64) -> Result<(), Box<dyn std::error::Error>> {
        std::future::ready(()).await;
        if *level > 100 { Err("too many".into()) } else { Ok(()) }
    }

    /// On its way out.
    #[deprecated]
    pub struct Old;

    /// Lints that its author allows are allowed in its registration as well.
    #[health_check(level = 5)]
    #[expect(deprecated, reason = "until it is gone")]
    pub fn old(old: Option<&Old>) -> bool {
        old.is_none()
    }

    /// A check may be deprecated.
    #[deprecated]
    #[health_check(level = 5)]
    pub async fn outgoing() {}

    /// A value whose methods are checks.
    #[derive(Debug)]
    pub struct Mailer(bool);

    #[health_checks]
    impl Mailer {
        /// It has no `.await`, and its result could be discarded.
        #[health_check(level = 5, timeout = "2s", readiness, tags("a"))]
        pub async fn method(&self, small: &bool, text: &String) -> Result<bool, Error> {
            Ok(self.0 && *small && text.is_empty())
        }

        /// It answers with its own type.
        #[health_check(level = 5)]
        pub fn myself(&self) -> Result<&Self, Self> {
            if self.0 { Ok(self) } else { Err(Self(true)) }
        }

        #[health_check(level = 5)]
        async fn private(&self) {}

        /// It has no receiver.
        #[health_check(level = 5)]
        #[must_use]
        pub const fn constant() -> bool {
            true
        }

        /// A method may be deprecated.
        #[deprecated]
        #[health_check(level = 5)]
        pub fn outgoing_method(&self) {}
    }

    impl IntoOutcome for &Mailer {
        fn into_outcome(self) -> health_runtime::Outcome {
            self.0.into_outcome()
        }
    }

    impl std::fmt::Display for Mailer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Debug::fmt(self, f)
        }
    }

    /// Lints that the author of a block allows are allowed in its registrations as well.
    #[health_checks]
    #[allow(deprecated, reason = "until it is gone")]
    impl Old {
        /// A method of a deprecated type.
        #[health_check(level = 5)]
        pub fn old_method(this: Option<&Self>) -> bool {
            this.is_none()
        }
    }

    pub(super) const fn mailer() -> Mailer {
        Mailer(true)
    }

    /// A type with build information.
    #[derive(BuildInfo)]
    #[build_info(name = "lints")]
    pub struct App;

    /// Parameters make no difference.
    #[derive(BuildInfo)]
    pub enum Generic<'a, T: ?Sized, const N: usize>
    where
        T: Sync,
    {
        /// The type needs no value.
        Borrowed(&'a T, [u8; N]),
    }

    /// The shortest declaration.
    #[health_check(level = 5, name = "no answer")]
    pub fn nothing() {}
}

/// A scope in which every name is redefined, and every type has every method.
mod shadowed {
    #![allow(
        dead_code,
        unused_macros,
        non_camel_case_types,
        non_upper_case_globals,
        reason = "each of them shadows a name"
    )]

    use ::health_runtime::{BuildInfo, health_check, health_checks, health_endpoint};

    mod alloc {}
    mod core {}
    mod health_runtime {}
    mod inventory {}
    mod std {}
    struct Arc;
    struct Box;
    struct BuildMetadata;
    struct Check;
    struct Clone;
    struct Err;
    struct Into;
    struct Level;
    struct None;
    struct Ok;
    struct Option;
    struct Result;
    struct Send;
    struct Some;
    struct String;
    struct Sync;
    struct Vec;
    struct bool;
    struct str;
    struct u8;
    struct u32;
    struct u64;
    // A binding of one of these names would be a constant pattern.
    static _watched: () = ();
    static registration: () = ();
    static check: () = ();
    static arguments: () = ();

    macro_rules! concat {
        () => {};
    }
    macro_rules! cfg {
        () => {};
    }
    macro_rules! env {
        () => {};
    }
    macro_rules! include_bytes {
        () => {};
    }
    macro_rules! option_env {
        () => {};
    }
    macro_rules! file {
        () => {};
    }
    macro_rules! line {
        () => {};
    }
    macro_rules! compile_error {
        () => {};
    }
    macro_rules! panic {
        () => {};
    }

    trait Everywhere {
        fn map(self);
        fn build(self);
        fn clone(&self);
        fn into(self);
        fn as_deref(&self);
        fn into_outcome(self);
        fn required(&self);
        fn with_revision(self);
        fn timeout(self);
    }

    impl<T> Everywhere for T {
        fn map(self) {}
        fn build(self) {}
        fn clone(&self) {}
        fn into(self) {}
        fn as_deref(&self) {}
        fn into_outcome(self) {}
        fn required(&self) {}
        fn with_revision(self) {}
        fn timeout(self) {}
    }

    #[health_check(
        level = 4,
        name = "shadowed",
        timeout = "2s",
        critical = false,
        readiness,
        depends_on("answer", health_check_registration, health_check_arguments),
        max_age = "1s",
        degraded_after = "1s",
        flatten,
        tags("a")
    )]
    async fn shadowed(_: &::std::string::String, _: ::std::option::Option<&::std::primitive::u8>) {}

    #[derive(BuildInfo)]
    pub(super) struct App;

    // The names of the variables of an expansion.
    #[health_check(level = 5)]
    fn health_check_registration(_: &::std::string::String) {}

    #[health_check(level = 5)]
    async fn health_check_arguments(health_check_check: &::std::string::String) {
        let _ = health_check_check;
    }

    pub(super) struct Mailer(::std::primitive::bool);

    pub(super) fn mailer() -> Mailer {
        Mailer(true)
    }

    #[health_checks]
    impl Mailer {
        #[health_check(
            level = 4,
            name = "shadowed method",
            timeout = "2s",
            critical = false,
            readiness,
            depends_on("answer"),
            max_age = "1s",
            flatten,
            tags("a")
        )]
        async fn shadowed(&self, _: &::std::string::String, _: ::std::option::Option<&::std::primitive::u8>) {}

        #[health_check(level = 5)]
        fn health_check_lent(&self) -> ::std::primitive::bool {
            self.0
        }
    }

    pub(super) fn endpoint() -> ::std::result::Result<::health_runtime::Endpoint, ::health_runtime::Error> {
        health_endpoint! {
            build_info: App,
            base_path: "/shadowed",
            state: [false, ::std::string::String::new(), ::std::vec::Vec::<::std::primitive::u32>::new(), super::boxed(), 7_u64, mailer(), super::lints::mailer(), super::without_prelude::remote()],
            details: hidden,
            checks: [::health_runtime::Check::new("by hand", ::health_runtime::Level::L5, || async {})],
            configure: ::health_runtime::EndpointBuilder::without_root_probes,
        }
    }
}

/// A module without the names of the prelude.
#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{BuildInfo, health_check, health_checks, health_endpoint};

    pub(super) struct Remote(::std::primitive::bool);

    pub(super) fn remote() -> Remote {
        Remote(true)
    }

    #[health_checks]
    impl Remote {
        #[health_check(level = 5, tags("a"))]
        async fn method_without_prelude(&self, _: ::std::option::Option<&Self>) -> ::std::primitive::bool {
            self.0
        }

        #[health_check(level = 5)]
        fn function_without_prelude() {}
    }

    #[derive(BuildInfo)]
    #[build_info(repo = "abc/api")]
    pub(super) struct App;

    #[health_check(level = 5, timeout = "2s", liveness, tags("a"))]
    async fn task(
        _: &::std::string::String,
        _: ::std::option::Option<&::std::primitive::u8>,
    ) -> ::std::primitive::bool {
        true
    }

    #[health_check(level = 4, critical = false, depends_on("task"))]
    fn blocking() -> ::health_runtime::Status {
        ::health_runtime::Status::Pass
    }

    pub(super) fn endpoint() -> ::std::result::Result<::health_runtime::Endpoint, ::health_runtime::Error> {
        health_endpoint! {
            build_info: App,
            state: [false, ::std::string::String::new(), ::std::vec::Vec::<::std::primitive::u32>::new(), super::boxed(), 7_u64, remote(), super::lints::mailer(), super::shadowed::mailer()],
            access: ::health_runtime::access::Access::new()
                .levels(::health_runtime::Levels::ALL, ::health_runtime::access::public()),
            checks: ::health_runtime::checks![::health_runtime::Check::blocking("by hand", ::health_runtime::Level::L5, || {})],
        }
    }
}

fn boxed() -> Box<dyn Fn() + Send + Sync> {
    Box::new(|| {})
}

#[test]
fn macros_work_where_every_name_is_redefined() {
    let endpoint = shadowed::endpoint().unwrap();
    drop(endpoint);
}

#[test]
fn macros_work_without_the_prelude() {
    let endpoint = without_prelude::endpoint().unwrap();
    drop(endpoint);
}

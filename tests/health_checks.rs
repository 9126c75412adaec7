//! `#[health_checks]`: methods of the values in the state are checks.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    borrow::Cow,
    fmt::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    CheckSpec, Group, IntoOutcome, Level, Problem, Registry, RegistryBuilder, Selection, Status, health_checks,
    testing::TestMonitor,
};

struct Mailer {
    host: String,
    runs: AtomicU32,
}

struct Limit(u32);

impl Mailer {
    const PORTS: usize = 2;
    const PATIENCE: Duration = Duration::from_secs(7);

    fn new(host: &str) -> Self {
        Self { host: host.to_owned(), runs: AtomicU32::new(0) }
    }
}

impl IntoOutcome for &Mailer {
    fn into_outcome(self) -> health_runtime::Outcome {
        (!self.host.is_empty()).into_outcome()
    }
}

/// The block, which describes no check.
#[health_checks]
#[allow(
    clippy::needless_arbitrary_self_type,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the forms of receivers and answers are under test"
)]
impl Mailer {
    const RETRIES: u32 = { 3 };

    /// Is the relay up?
    #[health_check(level = 3, timeout = "2s", readiness, tags("mail"))]
    async fn smtp(&self) -> Result<(), Error> {
        self.runs.fetch_add(Self::RETRIES, Ordering::Relaxed);
        std::future::ready(()).await;
        if self.host.is_empty() { Err(Error) } else { Ok(()) }
    }

    /// It blocks its thread, and needs more than its value.
    #[health_check(level = 2, name = "mail queue", timeout = Self::PATIENCE)]
    pub(crate) fn queue(&self, limit: &Limit, missing: Option<&u8>) -> bool {
        self.host.len() < limit.0 as usize && missing.is_none()
    }

    fn no_check(&self) -> &str {
        &self.host
    }

    #[health_runtime::health_check(level = 3)]
    pub(crate) async fn typed_receiver(self: &Self) -> bool {
        !self.no_check().is_empty()
    }

    #[health_check(level = 3)]
    fn named_receiver(self: &Mailer) {}

    #[health_check(level = 3)]
    fn shared_receiver(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 0
    }

    #[health_check(level = 3)]
    async fn no_receiver() -> bool {
        Self::new("a").no_check() == "a"
    }

    #[health_check(level = 3)]
    fn no_receiver_with_state(mailer: &Self, _: Option<&[Self; Self::PORTS]>) -> bool {
        !mailer.host.is_empty()
    }

    #[health_check(level = 3)]
    fn answers_with_itself(&self) -> Result<&Self, &str> {
        Ok(self)
    }

    #[health_check(level = 4, name = "twice at 4")]
    #[health_check(level = 5, name = "twice at 5")]
    async fn twice(&self) {}

    #[health_check(level = 5)]
    async fn r#type(&self) {}

    #[cfg(any())]
    #[health_check(level = 5)]
    async fn compiled_out_before(&self) {}

    #[health_check(level = 5)]
    #[cfg_attr(all(), cfg(any()), inline)]
    async fn compiled_out_behind(&self) {}

    #[cfg_attr(all(), inline, health_check(level = 5))]
    fn conditionally_declared(&self) {}

    #[cfg_attr(any(), health_check(level = 5))]
    async fn conditionally_undeclared(&self) {}

    #[health_check(level = 5)]
    #[deprecated(note = "a check may be")]
    fn outgoing(&self) {}
}

/// A second block of one type.
#[health_checks()]
impl Mailer {
    #[health_check(level = 5, depends_on("smtp"))]
    async fn in_another_block(&self) {}
}

#[health_checks]
#[cfg(any())]
impl Mailer {
    #[health_check(level = 5)]
    async fn in_a_block_that_is_compiled_out(&self) {}
}

mod deeper {
    use super::Mailer;

    #[health_runtime::health_checks]
    impl Mailer {
        #[health_runtime::health_check(level = 4)]
        async fn in_a_module(&self) {}
    }
}

struct Client<T>(T);

#[health_checks]
impl Client<Cow<'_, str>> {
    #[health_check(level = 4)]
    fn of_a_type_with_parameters(&self) -> bool {
        !self.0.is_empty()
    }
}

macro_rules! checked {
    ($ty:ty { $($name:ident: $level:literal;)* }) => {
        #[health_checks]
        impl $ty {
            $(
                #[health_check(level = $level)]
                async fn $name(&self) -> Result<(), Error> {
                    Ok(())
                }
            )*
        }
    };
}

checked! {
    Limit {
        written_by_a_macro: 2;
        written_by_the_same: 3;
    }
}

trait Remote {
    fn host(&self) -> &str;
}

impl Remote for Mailer {
    fn host(&self) -> &str {
        &self.host
    }
}

#[health_checks]
impl dyn Remote + Send + Sync {
    #[health_check(level = 3)]
    fn of_a_trait_object(self: &Arc<Self>) -> bool {
        !self.host().is_empty()
    }
}

fn declared() -> RegistryBuilder {
    struct Local(bool);

    #[health_checks]
    impl Local {
        #[health_check(level = 5)]
        fn in_a_function(&self) -> bool {
            self.0
        }
    }

    Registry::builder().declared().state(Local(true)).state(Client(Cow::Borrowed("text"))).state(Limit(10))
}

fn registry(mailer: Arc<Mailer>) -> Registry {
    let remote: Arc<dyn Remote + Send + Sync> = Arc::clone(&mailer) as _;
    declared().state(mailer).state(remote).build().unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn spec<'a>(registry: &'a Registry, name: &str) -> &'a CheckSpec {
    registry.checks().find(|check| check.name() == name).unwrap_or_else(|| panic!("`{name}` is not registered"))
}

#[test]
fn every_declared_method_is_registered() {
    let registry = registry(Arc::new(Mailer::new("a")));
    let mut names: Vec<&str> = registry.checks().map(CheckSpec::name).collect();
    names.sort_unstable();
    let expected = [
        "answers_with_itself",
        "conditionally_declared",
        "in_a_function",
        "in_a_module",
        "in_another_block",
        "mail queue",
        "named_receiver",
        "no_receiver",
        "no_receiver_with_state",
        "of_a_trait_object",
        "of_a_type_with_parameters",
        "outgoing",
        "shared_receiver",
        "smtp",
        "twice at 4",
        "twice at 5",
        "type",
        "typed_receiver",
        "written_by_a_macro",
        "written_by_the_same",
    ];
    assert_eq!(names, expected);
}

#[test]
fn keys_of_a_method_are_those_of_a_function() {
    let registry = registry(Arc::new(Mailer::new("a")));
    let smtp = spec(&registry, "smtp");
    assert_eq!((smtp.level(), smtp.timeout().as_secs(), smtp.tags()), (Level::L3, 2, &["mail".to_owned()][..]));
    assert_eq!(smtp.description(), Some("Is the relay up?"));
    assert!(smtp.is_in(Group::Readiness));
    assert_eq!(smtp.location().file(), file!());
    let source = include_str!("health_checks.rs").lines().nth(smtp.location().line() as usize - 1);
    assert_eq!(source.map(str::trim), Some("async fn smtp(&self) -> Result<(), Error> {"));
    assert_eq!(spec(&registry, "mail queue").timeout(), Mailer::PATIENCE);
    assert_eq!(spec(&registry, "in_another_block").description(), None);
}

#[tokio::test(start_paused = true)]
async fn methods_run_on_the_value_of_the_state() {
    let mailer = Arc::new(Mailer::new("a"));
    let kit = TestMonitor::new(registry(Arc::clone(&mailer)));
    let report = kit.report(&Selection::everything()).await;
    report.assert_status(Status::Pass);
    assert_eq!(mailer.runs.load(Ordering::Relaxed), Mailer::RETRIES);

    let kit = TestMonitor::new(registry(Arc::new(Mailer::new(""))));
    for name in ["smtp", "typed_receiver", "no_receiver_with_state", "answers_with_itself", "of_a_trait_object"] {
        kit.run(name).await.assert_status(Status::Fail);
    }
    kit.run("in_another_block").await.assert_cause("blocked");
    kit.run("no_receiver").await.assert_status(Status::Pass);
}

#[test]
fn methods_stay_callable() {
    let mailer = Mailer::new("a");
    assert!(mailer.queue(&Limit(10), None) && !mailer.queue(&Limit(0), None));
    mailer.conditionally_declared();
    drop(mailer.conditionally_undeclared());
}

#[test]
fn missing_value_of_a_receiver_stops_the_start() {
    let error = declared().build().expect_err("no mailer");
    let missing = error.problems().iter().filter_map(|problem| match problem {
        Problem::MissingState { check, type_name, .. } => Some((check.as_str(), *type_name)),
        _ => None,
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.contains(&("smtp", std::any::type_name::<Mailer>())), "{missing:?}");
    assert!(missing.contains(&("shared_receiver", std::any::type_name::<Arc<Mailer>>())), "{missing:?}");
    assert!(missing.iter().all(|(check, _)| *check != "no_receiver"), "{missing:?}");
}

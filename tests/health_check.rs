//! `#[health_check]`: the registry has the settings of the declaration.

use std::time::Duration;

use health_runtime::{Check, CheckSpec, Group, Level, Registry, health_check};

struct Pool;

/// Can the orders be read?
///
/// - from the primary
/// - from the replica  
#[health_check(
    level = 3,
    name = "all keys",
    timeout = "1m30s",
    critical = false,
    readiness,
    startup,
    depends_on("defaults", "live"),
    max_age = "0s",
    degraded_after = "300ms",
    flatten,
    tags("db", "slow",),
    display = "Orders database",
    owner = "payments",
    runbook = "https://wiki.example.com/orders",
    crate = ::health_runtime,
)]
async fn every_key(_: &Pool) -> bool {
    true
}

/// The keys that exclude `max_age`.
#[health_check(
    level = 2,
    name = "in the background",
    readiness,
    interval = "30s",
    retry_interval = "5s",
    stale_after = "95s",
    failure_threshold = 3,
    success_threshold = 2,
    hold = "1m"
)]
async fn background() {}

#[health_check(level = 1)]
fn defaults() {}

#[health_check(liveness = true, readiness = false, flatten = false, level = 5, critical = true)]
async fn live(_pool: Option<&Pool>) -> Result<(), std::fmt::Error> {
    Ok(())
}

#[health_check(level = 5)]
async fn r#type() {}

// Either order of the two attributes.
#[cfg(any())]
#[health_check(level = 5)]
async fn compiled_out_before() {}

#[health_check(level = 5)]
#[cfg(any())]
async fn compiled_out_behind() {}

#[health_check(level = 5)]
#[cfg_attr(all(), cfg(any()), inline)]
async fn compiled_out_in_a_roundabout_way() {}

#[health_check(level = 5)]
#[cfg_attr(all(), cfg(all()), inline)]
#[deprecated(note = "a check may be")]
async fn compiled_in() {}

#[health_check(level = 4, name = "twice at 4")]
#[health_check(level = 5, name = "twice at 5")]
async fn twice() {}

mod deeper {
    pub(super) mod down {
        use super::super::Pool;

        #[health_check(level = 4)]
        async fn in_a_module(_: &Pool) -> bool {
            true
        }

        use health_runtime::health_check;
    }
}

macro_rules! checks {
    ($($(#[doc = $doc:literal])* $name:ident: $level:literal, $timeout:literal, $ty:ty, $answer:ty = $value:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[health_check(level = $level, timeout = $timeout, tags($timeout))]
            async fn $name(_: &$ty, _: Option<&$ty>, _: &Pool) -> $answer {
                $value
            }
        )*
    };
}

checks! {
    /// Written by a macro.
    generated: 2, "7s", Vec<u32>, bool = true;
}

fn registry() -> Registry {
    #[health_check(level = 5)]
    async fn in_a_function() {}

    Registry::builder().declared().state(Pool).state(vec![1_u32]).build().unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn spec<'a>(registry: &'a Registry, name: &str) -> &'a CheckSpec {
    registry.checks().find(|check| check.name() == name).unwrap_or_else(|| panic!("`{name}` is not registered"))
}

#[test]
fn registry_has_every_compiled_check_of_the_program() {
    let registry = registry();
    let names: Vec<(u8, &str)> = registry.checks().map(|check| (check.level().number(), check.name())).collect();
    assert_eq!(
        names,
        [
            (1, "defaults"),
            (2, "generated"),
            (2, "in the background"),
            (3, "all keys"),
            (4, "in_a_module"),
            (4, "twice at 4"),
            (5, "compiled_in"),
            (5, "in_a_function"),
            (5, "live"),
            (5, "twice at 5"),
            (5, "type"),
        ]
    );
}

#[test]
fn keys_reach_the_registry() {
    let registry = registry();
    let check = spec(&registry, "all keys");
    assert_eq!(check.level(), Level::L3);
    assert_eq!(check.timeout(), Duration::from_secs(90));
    assert!(!check.is_critical());
    assert_eq!(Group::ALL.map(|group| check.is_in(group)), [false, true, true]);
    assert_eq!(check.dependencies(), ["defaults", "live"]);
    assert_eq!(check.max_age(), Duration::ZERO);
    assert_eq!(check.degraded_after(), Some(Duration::from_millis(300)));
    assert!(check.is_flattened());
    assert_eq!(check.tags(), ["db", "slow"]);
    assert_eq!((check.display(), check.owner()), (Some("Orders database"), Some("payments")));
    assert_eq!(check.runbook(), Some("https://wiki.example.com/orders"));
    assert_eq!(check.description(), Some("Can the orders be read?\n\n- from the primary\n- from the replica"));
}

#[test]
fn background_keys_reach_the_registry() {
    let registry = registry();
    let check = spec(&registry, "in the background");
    assert_eq!(check.interval(), Some(Duration::from_secs(30)));
    assert_eq!(check.retry_interval(), Some(Duration::from_secs(5)));
    assert_eq!(check.stale_after(), Some(Duration::from_secs(95)));
    assert_eq!((check.failure_threshold(), check.success_threshold()), (3, 2));
    assert_eq!(check.hold(), Some(Duration::from_mins(1)));
    let by_default = Check::new("x", Level::L4, || async {}).interval(Duration::from_secs(10));
    assert_eq!(by_default.spec().retry_interval(), Some(Duration::from_secs(10)));
    assert_eq!(by_default.spec().stale_after(), Some(Duration::from_secs(32)));
}

#[test]
fn absent_keys_take_the_defaults_of_the_runtime() {
    let registry = registry();
    let declared = spec(&registry, "defaults");
    let by_hand = Check::blocking("defaults", Level::L1, || {}).location(declared.location());
    assert_eq!(declared.declared_in(), Some("health_check"));
    let name = "Some(CheckName { name: \"defaults\", declared_in: Some(\"health_check\") })";
    let declared = format!("{declared:?}").replace(&format!("declared_as: {name}"), "declared_as: None");
    assert_eq!(declared, format!("{:?}", by_hand.spec()));
}

#[test]
fn flags_take_booleans() {
    let registry = registry();
    let check = spec(&registry, "live");
    assert_eq!(Group::ALL.map(|group| check.is_in(group)), [true, false, false]);
    assert!(check.is_critical() && !check.is_flattened());
}

#[test]
fn declaration_by_macro_rules_works() {
    let registry = registry();
    let check = spec(&registry, "generated");
    assert_eq!(check.timeout(), Duration::from_secs(7));
    assert_eq!(check.tags(), ["7s"]);
    assert_eq!(check.description(), Some("Written by a macro."));
}

#[test]
fn location_is_that_of_the_function() {
    let registry = registry();
    let location = spec(&registry, "defaults").location();
    let line = location.line() as usize;
    assert!(location.file().ends_with("health_check.rs"), "{location}");
    assert_eq!(include_str!("health_check.rs").lines().nth(line - 1), Some("fn defaults() {}"));
}

#[tokio::test]
async fn functions_stay_callable() {
    assert!(every_key(&Pool).await);
    defaults();
    assert_eq!(live(None).await, Ok(()));
    r#type().await;
    twice().await;
    assert!(generated(&vec![], None, &Pool).await);
}

#[test]
fn one_error_names_all_missing_state() {
    let error = Registry::builder().declared().build().unwrap_err().to_string();
    assert_eq!(error.matches("but the state holds no value of this type").count(), 4, "{error}");
    for missing in ["`all keys`", "`in_a_module`", "`generated`", "::Pool`", "Vec<u32>`"] {
        assert!(error.contains(missing), "{missing} in {error}");
    }
    assert!(!error.contains("`live`"), "an `Option<&_>` is never missing: {error}");
}

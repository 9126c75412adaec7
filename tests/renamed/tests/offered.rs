//! Checks of a library in an application: prefixes of their names, and checks that are off until they are turned on.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use hr::{CheckSpec, Endpoint, Problem, Registry, RegistryBuilder, health_check, health_endpoint};

/// The library offers a check of this name as well.
#[health_check(level = 5, crate = hr)]
async fn network() {}

#[health_check(level = 4, crate = hr, depends_on("network"))]
async fn orders() {}

fn declared() -> RegistryBuilder {
    Registry::builder().declared()
}

fn prefixed() -> RegistryBuilder {
    declared().crates([("facade", "company")])
}

fn names<'a>(checks: impl Iterator<Item = &'a CheckSpec>) -> Vec<&'a str> {
    checks.map(CheckSpec::name).collect()
}

/// Returns the problems, each as its text.
#[track_caller]
fn problems(builder: RegistryBuilder) -> Vec<String> {
    let error = builder.build().expect_err("the start fails");
    error.problems().iter().map(Problem::to_string).collect()
}

#[test]
fn off_checks_are_left_out_and_listed() -> Result<(), hr::Error> {
    let registry = declared().build()?;
    assert_eq!(names(registry.checks()), ["orders", "network"]);
    assert_eq!(names(registry.off_checks()), ["proxy", "network", "stateful"]);
    assert!(registry.off_checks().all(|check| check.is_off_by_default() && check.declared_in() == Some("facade")));
    let prefixed = prefixed().build()?;
    assert_eq!(names(prefixed.off_checks()), ["company.proxy", "company.network", "company.stateful"]);
    Ok(())
}

#[test]
fn one_name_in_two_crates_stops_the_start_and_names_the_remedy() {
    let [problem] = &problems(declared().state(facade::Ledger).enable_crates(["facade"]))[..] else {
        panic!("one problem")
    };
    for part in [
        "two checks are named `network`, at tests/",
        "they come from two crates, so give the checks of one crate a prefix in `health_endpoint!`: ",
        "`crates: [facade as \"facade\"]`",
        "`crates: [offered as \"offered\"]`",
    ] {
        assert!(problem.contains(part), "{part}: {problem}");
    }
}

#[test]
fn path_turns_on_a_check_under_any_prefix() -> Result<(), hr::Error> {
    let paths = [hr::check!(facade::offered::network), hr::check!(facade::offered::proxy)];
    let registry = prefixed().enable(paths).build()?;
    assert_eq!(names(registry.checks()), ["company.proxy", "orders", "company.network", "network"]);
    let endpoint = health_endpoint! {
        crates: [facade as "company"],
        enable: [facade::offered::proxy, "company.network"],
    }?;
    let names: Vec<_> = endpoint.monitor().checks().map(|check| check.name().to_owned()).collect();
    assert_eq!(names, ["company.proxy", "orders", "company.network", "network"]);
    let problems = problems(prefixed().enable([hr::check!(orders)]));
    assert_eq!(problems, ["`enable` names `orders`, which has nothing that is off; remove it"]);
    Registry::builder().enable([hr::check!(facade::offered::proxy)]).build().map(drop)
}

#[test]
fn names_within_a_prefix_come_first() -> Result<(), hr::Error> {
    let registry = prefixed().enable(["company.network", "company.proxy"]).build()?;
    assert_eq!(names(registry.checks()), ["company.proxy", "orders", "company.network", "network"]);
    assert_eq!(names(registry.off_checks()), ["company.stateful"]);
    let dependencies = |name| {
        let check = registry.checks().find(|check| check.name() == name);
        check.map(|check| check.dependencies().to_vec())
    };
    assert_eq!(dependencies("company.proxy"), Some(vec!["company.network".to_owned()]));
    assert_eq!(dependencies("orders"), Some(vec!["network".to_owned()]));
    Ok(())
}

#[test]
fn dependency_on_an_off_check_names_the_way_to_turn_it_on() {
    let problems = problems(prefixed().enable(["company.proxy"]));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("`company.proxy` (tests/"), "{problems:?}");
    let rest = "depends on `company.network`, which is off; turn it on by `enable: [\"company.network\"]`, or remove \
                the dependency";
    assert!(problems[0].ends_with(rest), "{problems:?}");
}

#[test]
fn names_that_are_not_off_stop_the_start() {
    let builder = prefixed().enable(["company.netwrok", "orders", "nothing at all"]).enable_crates(["offered"]);
    assert_eq!(
        problems(builder),
        [
            "`enable` names `company.netwrok`, but no check of this name is off; did you mean `company.network`?",
            "`enable` names `orders`, which has nothing that is off; remove it",
            "`enable` names `nothing at all`, but no check of this name is off",
            "`enable_crates` names `offered`, which has nothing that is off; remove it",
        ]
    );
}

#[test]
fn crates_without_checks_stop_the_start() {
    assert_eq!(
        problems(declared().crates([("facad", "a"), ("serde", "b")]).enable_crates(["tokio"])),
        [
            "`crates` names the crate `facad`, but it declares no check in this program; did you mean `facade`?",
            "`crates` names the crate `serde`, but it declares no check in this program; crates with checks are \
             `facade`, `offered`",
            "`enable_crates` names the crate `tokio`, but it declares no check in this program; crates with checks are \
             `facade`, `offered`",
        ]
    );
    // Without declared checks there is nothing to name.
    assert!(Registry::builder().crates([("facade", "company")]).enable_crates(["facade"]).build().is_ok());
}

#[test]
fn invalid_prefixes_stop_the_start() {
    for prefix in ["", ".", "a.", ".a", "a..b", "a b", "a/b", "a:b", "ä", "a\n"] {
        let problems = problems(declared().crates([("facade", prefix)]));
        let text =
            format!("the crate `facade` has the prefix {prefix:?}, which is not valid; use letters, digits, `-`");
        assert!(problems.len() == 1 && problems[0].starts_with(&text), "{problems:?}");
    }
    let problems = problems(declared().crates([("facade", "a"), ("facade", "a.b-c_9")]));
    assert_eq!(
        problems,
        [
            "the crate `facade` has the prefix \"a.b-c_9\", which is not valid; another prefix is set for this crate; keep \
          one of them"
        ]
    );
}

#[test]
fn macro_sets_prefixes_and_turns_checks_on() -> Result<(), hr::Error> {
    let by_name = health_endpoint! {
        crates: [facade as "company"],
        enable: ["company.network", "company.proxy"],
    }?;
    let by_crate =
        health_endpoint! { crates: [facade as "company"], enable_crates: [facade], state: [facade::Ledger] }?;
    let by_hand =
        Endpoint::builder().crates([("facade", "company")]).enable_crates(["facade"]).state(facade::Ledger).build()?;
    let all = ["company.network", "company.proxy", "company.stateful", "network", "orders"];
    for (endpoint, expected) in
        [(by_name, &["company.network", "company.proxy", "network", "orders"][..]), (by_crate, &all), (by_hand, &all)]
    {
        let mut names: Vec<_> = endpoint.monitor().checks().map(|check| check.name().to_owned()).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
    }
    let _without = health_endpoint! { crates: [], enable: [], enable_crates: [] }?;
    Ok(())
}

#[test]
fn off_is_a_setting_of_checks_built_by_hand() -> Result<(), hr::Error> {
    let slow = || hr::Check::new("slow", hr::Level::L1, || async {}).off(true);
    let registry = Registry::builder().check(slow()).build()?;
    assert_eq!((registry.checks().count(), names(registry.off_checks())), (0, vec!["slow"]));
    let registry = Registry::builder().check(slow()).enable(["slow"]).build()?;
    assert_eq!((names(registry.checks()), registry.off_checks().count()), (vec!["slow"], 0));
    let monitor = hr::Monitor::new(Registry::builder().build()?);
    monitor.add(slow())?;
    assert_eq!(monitor.checks().count(), 1);
    Ok(())
}

/// A library may offer a check that needs state which only some applications have.
#[test]
fn state_of_off_checks_is_not_missing() {
    let problems = problems(declared().crates([("facade", "company")]).enable(["company.stateful"]));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("`company.stateful` (tests/facade/src/offered.rs:"), "{problems:?}");
    assert!(problems[0].contains("the state holds no value of this type"), "{problems:?}");
}

//! Checks that are named by the paths of their functions.

#![forbid(unsafe_code)]
#![deny(clippy::pedantic, missing_docs, unreachable_pub, unused, dead_code)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(clippy::unused_self, reason = "these methods only have to be there")]

use std::time::Duration;

use health_runtime::{
    Check, CheckName, Group, Level, Registry, Selection, Status, check, health_check, health_checks,
    testing::{Forced, TestMonitor},
};

/// A module beside the function of the same name.
mod db {
    use health_runtime::health_check;

    #[health_check(level = 2, name = "replica of the database", depends_on(super::db))]
    pub(super) async fn replica() {}
}

#[health_check(level = 1)]
async fn db() {}

mod billing {
    use health_runtime::health_check;

    pub(crate) mod deeper {
        #[health_runtime::health_check(
            level = 3,
            depends_on(crate::db, self::r#type, super::super::db::replica, "by text")
        )]
        pub(crate) fn quota() {}

        #[health_runtime::health_check(level = 4)]
        fn r#type() {}
    }

    #[health_check(level = 5, name = "by text")]
    async fn text() {}
}

struct Mailer;

#[health_checks]
impl Mailer {
    #[health_check(level = 3, depends_on(db, Self::imap, Limits::waiting))]
    async fn smtp(&self) {}

    #[health_check(level = 3)]
    fn imap(&self) {}
}

struct Limits;

#[health_checks]
impl Limits {
    #[health_check(level = 4)]
    fn waiting(&self) {}
}

macro_rules! pair {
    ($first:ident, $second:ident, $other:path) => {
        #[health_check(level = 4, depends_on($other))]
        fn $first() {}

        #[health_check(level = 4, depends_on($first))]
        fn $second() {}
    };
}
pair!(primary, secondary, db);

#[deprecated]
#[health_check(level = 5)]
fn outgoing() {}

/// A liveness check may depend on others of level 5.
#[health_check(level = 5, liveness, depends_on(outgoing))]
fn alive() {}

#[health_check(level = 4, name = "twice at 4")]
#[health_check(level = 5, name = "twice at 5")]
fn twice() {}

#[health_check(level = 4, depends_on(twice))]
fn on_the_lowest() {}

#[cfg(any())]
#[health_check(level = 5)]
fn compiled_out() {}

#[health_check(level = 5)]
#[cfg(any())]
fn compiled_out_behind() {}

fn registry() -> Registry {
    #[health_check(level = 4, depends_on(inner))]
    #[cfg_attr(all(), cfg(all()))]
    fn outer() {}

    #[health_check(level = 5)]
    #[cfg_attr(all(), cfg(all()))]
    fn inner() {}

    Registry::builder()
        .declared()
        .state(Mailer)
        .state(Limits)
        .check(Check::new("by hand", Level::L2, || async {}).depends_on([check!(db::replica)]))
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn paths_become_the_names_of_the_checks() {
    let registry = registry();
    let dependencies = |name: &str| {
        let spec = registry.checks().find(|check| check.name() == name).unwrap_or_else(|| panic!("`{name}`"));
        spec.dependencies().to_vec()
    };
    assert_eq!(dependencies("replica of the database"), ["db"]);
    assert_eq!(dependencies("quota"), ["by text", "db", "type", "replica of the database"]);
    assert_eq!(dependencies("smtp"), ["db", "imap", "waiting"]);
    assert_eq!(dependencies("primary"), ["db"]);
    assert_eq!(dependencies("secondary"), ["primary"]);
    assert_eq!(dependencies("alive"), ["outgoing"]);
    assert_eq!(dependencies("on_the_lowest"), ["twice at 5"]);
    assert_eq!(dependencies("outer"), ["inner"]);
    assert_eq!(dependencies("by hand"), ["replica of the database"]);
}

const QUOTA: CheckName = check!(billing::deeper::quota);

#[tokio::test(start_paused = true)]
async fn code_names_checks_by_path_or_text() {
    let kit = TestMonitor::new(registry());
    kit.force(check!(db), Forced::fail("down"));
    kit.snapshot(QUOTA).await.assert_status(Status::Fail).assert_cause("blocked");
    kit.release("db");
    assert_eq!(kit.runs(check!(Mailer::smtp)), 0);
    kit.run(check!(db)).await.assert_status(Status::Pass);
    kit.run(check!(Mailer::smtp)).await.assert_status(Status::Pass);
    assert_eq!(kit.runs(String::from("smtp")), 1);

    let monitor = kit.monitor();
    monitor.mute(check!(db::replica), Duration::from_mins(1), "maintenance").unwrap();
    let report = kit.report(&Selection::check(check!(db::replica))).await;
    report.check(check!(db::replica)).assert_muted(true);
    monitor.unmute(check!(db::replica)).unwrap();
    assert!(monitor.history(check!(db::replica)).is_ok());
    let report = kit.report(&Selection::group(Group::Liveness).without_checks([check!(alive)])).await;
    report.assert_checks([]);

    monitor.add(Check::new("later", Level::L4, || async {}).depends_on([check!(twice)])).unwrap();
    kit.snapshot("later").await.assert_status(Status::Pass);
    monitor.remove("later").unwrap();
    monitor.remove(check!(alive)).unwrap();
    let error = monitor.mute(check!(alive), Duration::from_mins(1), "gone").unwrap_err();
    assert!(error.to_string().contains("`alive`"), "{error}");
}

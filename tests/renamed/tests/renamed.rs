//! The runtime under another name: `crate = path` in each form of a path, and the macros that need none.

use hr::{BuildInfo, Registry, health_check, health_endpoint};

#[health_check(level = 5, crate = ::hr)]
async fn absolute() -> bool {
    true
}

#[health_check(level = 5, crate = hr, depends_on(absolute, module::relative))]
fn bare() {}

#[facade::health::health_check(level = 5, crate = facade::health, timeout = "2s", tags("a"))]
async fn at_second_hand(text: Option<&String>) -> Result<(), std::fmt::Error> {
    text.map(drop).ok_or(std::fmt::Error)
}

#[hr::health_check(level = 5)]
async fn under_its_name_here() {}

mod module {
    pub(super) use hr as renamed_again;

    #[hr::health_check(level = 5, crate = self::renamed_again)]
    pub(super) async fn relative() {}

    #[hr::health_check(level = 5, crate = super::module::renamed_again)]
    async fn relative_to_the_parent() {}

    #[hr::health_check(level = 5, crate = crate::module::renamed_again)]
    async fn from_the_root() {}
}

struct Mailer;

#[hr::health_checks(crate = hr)]
impl Mailer {
    #[health_check(level = 5)]
    async fn in_a_block(_: Option<&Self>) {}

    #[hr::health_check(level = 5, crate = facade::health)]
    fn with_a_path_of_its_own() {}
}

#[facade::health::health_checks]
impl Mailer {
    #[health_check(level = 5, crate = ::facade::health)]
    async fn in_a_block_without_a_path() {}
}

#[derive(BuildInfo)]
#[build_info(crate = hr, name = "renamed", repo = "abc/api")]
struct App;

#[derive(facade::health::BuildInfo)]
#[build_info(crate = ::facade::health)]
struct AtSecondHand;

#[derive(BuildInfo)]
struct WithoutPath;

facade::usual_check!(by_a_macro_of_another_crate, true);

#[test]
fn paths_name_checks_under_every_name_of_the_runtime() -> Result<(), hr::Error> {
    let monitor = hr::Monitor::new(Registry::builder().declared().build()?);
    let bare = monitor.checks().find(|check| check.name() == "bare");
    assert_eq!(
        bare.map(|check| check.dependencies().to_vec()),
        Some(vec!["absolute".to_owned(), "relative".to_owned()])
    );
    assert!(monitor.history(hr::check!(module::relative)).is_ok());
    assert!(monitor.history(facade::health::check!(at_second_hand)).is_ok());
    Ok(())
}

#[test]
fn every_form_registers() -> Result<(), hr::Error> {
    let registry = Registry::builder().declared().build()?;
    let names: Vec<&str> = registry.checks().map(hr::CheckSpec::name).collect();
    assert_eq!(
        names,
        [
            "by_a_macro_of_another_crate",
            "absolute",
            "at_second_hand",
            "bare",
            "from_the_root",
            "in_a_block",
            "in_a_block_without_a_path",
            "relative",
            "relative_to_the_parent",
            "under_its_name_here",
            "with_a_path_of_its_own"
        ]
    );
    Ok(())
}

#[test]
fn every_form_derives_build_info() {
    let (own, second_hand) = (App::BUILD_INFO, AtSecondHand::BUILD_INFO);
    assert_eq!((own.name(), own.repo()), ("renamed", Some("abc/api")));
    assert_eq!((second_hand.name(), second_hand.repo()), (env!("CARGO_PKG_NAME"), None));
    assert_eq!(own.revision(), second_hand.revision());
    assert_eq!(WithoutPath::BUILD_INFO.name(), env!("CARGO_PKG_NAME"));
}

#[test]
fn endpoint_finds_the_runtime_under_every_name() -> Result<(), hr::Error> {
    let _endpoints: [hr::Endpoint; 5] = [
        health_endpoint! {}?,
        hr::health_endpoint! { build_info: App, details: public }?,
        module::renamed_again::health_endpoint! { checks: [hr::Check::new("a", hr::Level::L5, || async {})] }?,
        facade::health::health_endpoint! { checks: facade::health::checks![hr::Check::new("b", hr::Level::L5, || async {})] }?,
        facade::usual_endpoint!()?,
    ];
    Ok(())
}

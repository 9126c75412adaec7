//! Every key from every source: valid, unknown, out of range, contradictory.

use std::{fs, time::Duration};

use health_runtime::{Check, CheckSpec, Endpoint, EndpointBuilder, Error, Level, Overrides, Problem};
use serde_json::json;
use tempfile::tempdir;

use super::{is_alone, run_alone};

const SOURCES: [Source; 3] = [Source::Code, Source::File, Source::Environment];

/// A key; a check that it fits, and a value; a value out of range with a part of the message; a check that it contradicts and a
/// value, with a part of the message.
struct Row {
    key: &'static str,
    valid: (&'static str, &'static str, &'static str),
    out_of_range: (&'static str, &'static str),
    contradiction: Option<(&'static str, &'static str, &'static str)>,
}

const fn row(
    key: &'static str,
    valid: (&'static str, &'static str, &'static str),
    out_of_range: (&'static str, &'static str),
    contradiction: Option<(&'static str, &'static str, &'static str)>,
) -> Row {
    Row { key, valid, out_of_range, contradiction }
}

const ROWS: [Row; 11] = [
    row("enabled", ("plain", "false", "enabled=false"), ("maybe", "write `true` or `false`"), None),
    row(
        "timeout",
        ("plain", "3s", "timeout=3s"),
        ("0s", "timeout is zero"),
        Some(("slow", "100ms", "shorter than its timeout")),
    ),
    row(
        "interval",
        ("plain", "1m", "interval=60s"),
        ("0s", "interval is zero"),
        Some(("aged", "1m", "an interval and a `max_age`")),
    ),
    row(
        "retry_interval",
        ("often", "5s", "retry_interval=5s"),
        ("0s", "retry interval is zero"),
        Some(("plain", "5s", "no interval")),
    ),
    row(
        "stale_after",
        ("often", "5m", "stale_after=300s"),
        ("1s", "stale before the next one"),
        Some(("plain", "5m", "has no interval")),
    ),
    row(
        "max_age",
        ("plain", "9s", "max_age=9s"),
        ("9", "not a valid duration"),
        Some(("often", "9s", "an interval and a `max_age`")),
    ),
    row("failure_threshold", ("plain", "3", "failure_threshold=3"), ("0", "threshold is zero"), None),
    row("success_threshold", ("plain", "2", "success_threshold=2"), ("-1", "not a valid number"), None),
    row(
        "hold",
        ("plain", "1m", "hold=60s"),
        ("0s", "hold is zero"),
        Some(("aged", "1m", "not in the readiness group")),
    ),
    row(
        "degraded_after",
        ("plain", "50ms", "degraded_after=50ms"),
        ("0s", "every pass is a warning"),
        Some(("plain", "1h", "not shorter than its timeout")),
    ),
    row("critical", ("plain", "false", "critical=false"), ("no", "write `true` or `false`"), None),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Code,
    File,
    Environment,
}

impl Source {
    /// Starts the service with one setting for each subject, and returns what it says about its checks or its error.
    fn start(self, settings: &[(&str, &str, &str)]) -> String {
        let list: Vec<_> = settings.iter().map(|(subject, key, value)| format!("{subject}.{key}={value}")).collect();
        let list = list.join(", ");
        match self {
            Self::Code => match document(settings) {
                Ok(overrides) => shown(service().overrides(overrides).build()),
                Err(error) => format!("the configuration is wrong: {error}"),
            },
            Self::File => {
                let folder = tempdir().expect("a folder");
                let file = folder.path().join("health.json");
                fs::write(&file, text(settings)).expect("a file");
                printed(&run_alone("table::service_starts_alone", None, Some(&file)))
            }
            Self::Environment => printed(&run_alone("table::service_starts_alone", Some(&list), None)),
        }
    }
}

fn text(settings: &[(&str, &str, &str)]) -> String {
    let mut document = json!({});
    for (subject, key, value) in settings {
        let (section, name) = subject.strip_prefix("tag:").map_or(("checks", *subject), |tag| ("tags", tag));
        document[section][name][key] = json!(value);
    }
    document.to_string()
}

fn document(settings: &[(&str, &str, &str)]) -> Result<Overrides, serde_json::Error> {
    serde_json::from_str(&text(settings))
}

fn printed(output: &std::process::Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let said = text.split("<<<").nth(1).and_then(|rest| rest.split(">>>").next());
    said.unwrap_or_else(|| panic!("it says nothing: {output:?}")).to_owned()
}

fn service() -> EndpointBuilder {
    let check = |name: &str| Check::new(name, Level::L3, || async {}).tags(["one", "two"]);
    Endpoint::builder().without_declared_checks().checks([
        check("plain").readiness(),
        check("aged").max_age(Duration::from_secs(2)),
        check("often").interval(Duration::from_secs(30)),
        check("slow").degraded_after(Duration::from_millis(500)),
    ])
}

fn shown(built: Result<Endpoint, Error>) -> String {
    match built {
        Ok(endpoint) => endpoint.monitor().checks().map(|check| settings(&check)).collect(),
        Err(error) => error.to_string(),
    }
}

fn settings(check: &CheckSpec) -> String {
    let time = |time: Option<Duration>| time.map(|time| format!("{time:?}")).unwrap_or_default();
    format!(
        "{} enabled={} timeout={} interval={} retry_interval={} stale_after={} max_age={} failure_threshold={} \
         success_threshold={} hold={} degraded_after={} critical={} overridden={:?}\n",
        check.name(),
        check.is_enabled(),
        time(Some(check.timeout())),
        time(check.interval()),
        time(check.retry_interval()),
        time(check.stale_after()),
        time(Some(check.max_age())),
        check.failure_threshold(),
        check.success_threshold(),
        time(check.hold()),
        time(check.degraded_after()),
        check.is_critical(),
        check.overridden().collect::<Vec<_>>(),
    )
}

/// The service in a process of its own.
#[tokio::test]
async fn service_starts_alone() {
    if is_alone() {
        println!("<<<{}>>>", shown(service().build()));
    }
}

#[tokio::test]
async fn valid_setting_of_every_key_takes_the_place_of_the_declared_one() {
    let declared = shown(service().build());
    for Row { key, valid: (check, value, expected), .. } in ROWS {
        for source in SOURCES {
            let said = source.start(&[(check, key, value)]);
            let line = said.lines().find(|line| line.starts_with(check)).unwrap_or_else(|| panic!("{source:?} {said}"));
            assert!(line.contains(expected), "{source:?} {key}: {line}");
            assert!(line.contains(&format!("overridden=[{key:?}]")), "{source:?} {key}: {line}");
            let others = |text: &str| {
                text.lines().filter(|line| !line.starts_with(check)).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(others(&said), others(&declared), "{source:?} {key}");
        }
    }
}

#[tokio::test]
async fn unknown_key_is_an_error_of_every_source() {
    for Row { key, valid: (check, value, _), .. } in ROWS {
        let misspelt = format!("{key}x");
        for source in SOURCES {
            let said = source.start(&[(check, &misspelt, value)]);
            let fault = format!("`{check}.{misspelt}` is not a setting; did you mean `{key}`?");
            assert!(said.contains(&fault), "{source:?} {key}: {said}");
        }
    }
}

#[tokio::test]
async fn setting_out_of_range_is_an_error_of_every_source() {
    for Row { key, valid: (check, ..), out_of_range: (value, fault), .. } in ROWS {
        for source in SOURCES {
            let said = source.start(&[(check, key, value)]);
            assert!(said.contains(fault), "{source:?} {key}: {said}");
            assert!(said.contains(check) && said.contains(key), "{source:?} {key}: {said}");
        }
    }
}

#[tokio::test]
async fn setting_that_contradicts_the_declaration_is_an_error_of_every_source() {
    for Row { key, contradiction, .. } in ROWS {
        let Some((check, value, fault)) = contradiction else { continue };
        for (source, origin) in SOURCES.into_iter().zip(["`overrides`", "`HEALTH_CONFIG`", "`HEALTH_CHECKS`"]) {
            let said = source.start(&[(check, key, value)]);
            assert!(said.contains(fault), "{source:?} {key}: {said}");
            assert!(said.contains(&format!("`{key}` comes from {origin}")), "{source:?} {key}: {said}");
        }
    }
}

#[tokio::test]
async fn two_tags_with_different_values_are_an_error_of_every_source() {
    for Row { key, valid: (check, value, expected), .. } in ROWS {
        let other = match value {
            "false" => "true",
            "3" => "4",
            "2" => "3",
            _ => "7m",
        };
        for source in SOURCES {
            let both = [("tag:one", key, value), ("tag:two", key, other)];
            let said = source.start(&both);
            let fault = format!("its tags `one` and `two` have different values for `{key}`; set the one of `{check}`");
            assert!(said.contains(&fault), "{source:?} {key}: {said}");
        }
        // A name settles it.
        if matches!(key, "enabled" | "critical" | "failure_threshold" | "success_threshold") {
            let named = ["plain", "aged", "often", "slow"].map(|name| (name, key, value));
            let settled = [&[("tag:one", key, value), ("tag:two", key, other)][..], &named].concat();
            let said = Source::Code.start(&settled);
            assert!(said.lines().all(|line| line.contains(expected)), "{key}: {said}");
        }
    }
}

#[tokio::test]
async fn parts_of_a_declaration_cannot_be_replaced() {
    for key in ["level", "liveness", "readiness", "startup", "groups", "access", "name", "depends_on", "tags"] {
        for source in SOURCES {
            let said = source.start(&[("plain", key, "1")]);
            let fault = format!("`plain.{key}` is part of the declaration, which nothing replaces at deploy time");
            assert!(said.contains(&fault), "{source:?} {key}: {said}");
        }
    }
}

#[tokio::test]
async fn unknown_name_is_an_error_of_code_and_a_warning_from_outside() {
    for (subject, fault) in [
        ("plian", "there is no check named `plian`; did you mean `plain`?"),
        ("tag:onee", "no check has the tag `onee`; did you mean `one`?"),
    ] {
        let said = Source::Code.start(&[(subject, "timeout", "3s")]);
        assert_eq!(
            said,
            format!("the health checks cannot start: the settings in `overrides` cannot be used: {fault}")
        );
        for source in [Source::File, Source::Environment] {
            let said = source.start(&[(subject, "timeout", "3s")]);
            assert_eq!(said, shown(service().build()), "{source:?}");
        }
    }
}

#[tokio::test]
async fn one_error_lists_the_problems_of_all_sources() {
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("health.json");
    fs::write(
        &file,
        r#"{ "checks": { "plain": { "timeout": 3, "hold": [] } }, "check": {}, "slow": { "hold": "1s" } }"#,
    )
    .expect("a file");
    let said = printed(&run_alone(
        "table::service_starts_alone",
        Some("often.interval=0s, aged.critical=1, nothing, status_codes.warn=204, level:6.hold=1s"),
        Some(&file),
    ));
    for part in [
        "cannot start, for 8 reasons",
        &format!(
            "the settings in `{}` cannot be used: `plain.timeout` is `3`, which is not a valid duration",
            file.display()
        ),
        "`plain.hold` is not a single value",
        "`check` is not a section of settings; did you mean `checks`?",
        "`slow` is not a section of settings; settings of a check stand under `checks`",
        "the settings in `HEALTH_CHECKS` cannot be used: `nothing` is not a setting; write for example",
        "`aged.critical` is `1`, which is not valid; write `true` or `false`",
        "`status_codes.warn` is `204`, which is not a valid status code",
        "`level:6` names no level",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    // Faulty settings of a source are not merged, so that no problem follows from another one.
    assert!(!said.contains("interval is zero"), "{said}");
}

#[tokio::test]
async fn later_source_beats_an_earlier_one_key_by_key() {
    if is_alone() {
        let overrides = document(&[("plain", "timeout", "1s"), ("plain", "hold", "1m"), ("plain", "max_age", "4s")]);
        println!("<<<{}>>>", shown(service().overrides(overrides.expect("settings")).build()));
        return;
    }
    let folder = tempdir().expect("a folder");
    let file = folder.path().join("health.json");
    fs::write(&file, text(&[("plain", "timeout", "2s"), ("plain", "hold", "2m"), ("tag:one", "max_age", "7s")]))
        .expect("a file");
    let test = "table::later_source_beats_an_earlier_one_key_by_key";
    let said = printed(&run_alone(
        test,
        Some("level:3.timeout=3s, often.enabled=false, aged.enabled=false, slow.enabled=false"),
        None,
    ));
    assert!(said.contains("plain enabled=true timeout=3s"), "{said}");
    let said = printed(&run_alone(test, Some("level:3.timeout=3s, often.enabled=false"), Some(&file)));
    // Two checks cannot have an age: the tag of the file is for all.
    assert!(said.contains("`often`") && said.contains("an interval and a `max_age`"), "{said}");
    fs::write(&file, text(&[("plain", "timeout", "2s"), ("plain", "hold", "2m")])).expect("a file");
    let said = printed(&run_alone(test, Some("level:3.timeout=3s"), Some(&file)));
    let plain = said.lines().find(|line| line.starts_with("plain")).expect("a line");
    for part in ["timeout=3s", "hold=120s", "max_age=4s", "overridden=[\"hold\", \"max_age\", \"timeout\"]"] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

#[tokio::test]
async fn setting_equal_to_the_declared_one_is_not_shown_as_overridden() {
    let overrides = document(&[("plain", "timeout", "5s"), ("plain", "critical", "true"), ("aged", "max_age", "2s")]);
    let said = shown(service().overrides(overrides.expect("settings")).build());
    assert_eq!(said, shown(service().build()));
}

#[tokio::test]
async fn check_that_is_added_later_obeys_the_settings() {
    let overrides = "tag:plugin.timeout=3s, level:4.timeout=7s".parse::<Overrides>().expect("settings");
    let tagged = Check::new("first", Level::L3, || async {}).tags(["plugin"]);
    let endpoint = service().check(tagged).overrides(overrides).build().expect("good");
    let monitor = endpoint.monitor();
    monitor.add(Check::new("second", Level::L4, || async {}).tags(["plugin"])).expect("a good check");
    monitor.add(Check::new("third", Level::L4, || async {})).expect("a good check");
    let timeouts: Vec<_> = ["second", "third"]
        .into_iter()
        .filter_map(|name| monitor.checks().find(|check| check.name() == name))
        .map(|check| check.timeout().as_secs())
        .collect();
    assert_eq!(timeouts, [3, 7]);
    let slow = Check::new("slow", Level::L4, || async {}).degraded_after(Duration::from_secs(8));
    let error = monitor.replace(slow).expect_err("it is slower than the set timeout");
    assert!(matches!(error.problems(), [Problem::Misconfigured { .. }]), "{error}");
    assert!(error.to_string().contains("`timeout` comes from `overrides`"), "{error}");
}

//! Availability as JSON.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::wire::{level_key, milliseconds, timestamp, to_json};
use crate::{
    availability::{Availability, WindowSummary},
    model::Level,
};

/// The availability of a level and of its selected checks, by name.
#[derive(Debug)]
pub(crate) struct LevelAvailability {
    pub(crate) level: Level,
    /// `None` if the selection is not the whole level, or the level is empty.
    pub(crate) own: Option<Availability>,
    pub(crate) checks: Vec<(String, Availability)>,
}

#[derive(Serialize)]
struct LevelFields<'a> {
    #[serde(flatten)]
    own: Option<Windows>,
    checks: BTreeMap<&'a str, Windows>,
}

#[derive(Serialize)]
struct CheckFields<'a> {
    name: &'a str,
    level: u8,
    #[serde(flatten)]
    windows: Windows,
}

#[derive(Serialize)]
struct Windows {
    hour: WindowObject,
    day: WindowObject,
    week: WindowObject,
}

#[derive(Serialize)]
struct WindowObject {
    from: String,
    until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<f64>,
    pass_s: f64,
    warn_s: f64,
    fail_s: f64,
    unknown_s: f64,
    #[serde(flatten)]
    latency: Option<LatencyFields>,
    #[serde(flatten)]
    bars: Option<BarFields>,
}

#[derive(Serialize)]
struct LatencyFields {
    runs: u64,
    latency_ms: Percentiles,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p95: f64,
    max: f64,
}

#[derive(Serialize)]
struct BarFields {
    bar_s: u64,
    bars: Vec<BarObject>,
}

#[derive(Serialize)]
struct BarObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<f64>,
    known: f64,
}

/// Renders levels. Bars of single checks are left out, because there may be thousands.
pub(crate) fn levels_availability(levels: &[LevelAvailability]) -> Vec<u8> {
    let levels: BTreeMap<_, _> = levels.iter().map(|level| (level_key(level.level), LevelFields::new(level))).collect();
    to_json(&levels)
}

/// Renders one check.
pub(crate) fn check_availability(name: &str, level: Level, availability: &Availability) -> Vec<u8> {
    to_json(&CheckFields { name, level: level.number(), windows: Windows::new(availability, true) })
}

impl<'a> LevelFields<'a> {
    fn new(level: &'a LevelAvailability) -> Self {
        let checks = level.checks.iter().map(|(name, own)| (name.as_str(), Windows::new(own, false))).collect();
        Self { own: level.own.as_ref().map(|own| Windows::new(own, true)), checks }
    }
}

impl Windows {
    fn new(availability: &Availability, with_bars: bool) -> Self {
        let [hour, day, week] =
            availability.windows.each_ref().map(|window| WindowObject::new(availability, window, with_bars));
        Self { hour, day, week }
    }
}

impl WindowObject {
    fn new(availability: &Availability, window: &WindowSummary, with_bars: bool) -> Self {
        let seconds = |millis| Duration::from_millis(millis).as_secs_f64();
        let total = window.total;
        Self {
            from: timestamp(availability.before_end(total.length)),
            until: timestamp(availability.until),
            available: total.available(),
            pass_s: seconds(total.pass),
            warn_s: seconds(total.warn),
            fail_s: seconds(total.fail),
            unknown_s: seconds(total.unknown()),
            latency: window.latency.map(|latency| LatencyFields {
                runs: latency.runs,
                latency_ms: Percentiles {
                    p50: milliseconds(latency.median),
                    p95: milliseconds(latency.p95),
                    max: milliseconds(latency.max),
                },
            }),
            bars: with_bars.then(|| BarFields {
                bar_s: window.window.bar_length().as_secs(),
                bars: window
                    .bars
                    .iter()
                    .map(|bar| BarObject { available: bar.available(), known: bar.known_share() })
                    .collect(),
            }),
        }
    }
}

#[cfg(feature = "openapi")]
pub(super) mod schema {
    use utoipa::openapi::{ComponentsBuilder, RefOr, Schema};

    use super::super::schema::{
        named,
        words::{all_of, described, double, int64, level, level_properties, list_of, map_of, object, text, timestamp},
    };
    use crate::model::Level;

    const AVAILABLE: &str = "Share of the known time without a failure, rounded down. Absent if nothing is known.";
    const BARS: &str = "The parts of the window, oldest first.";
    const KNOWN: &str = "Share of the time about which something is known.";

    pub(in crate::render) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
        let percentiles = object([("p50", double(), true), ("p95", double(), true), ("max", double(), true)]);
        let available = || ("available", described(AVAILABLE, double()), false);
        let bar = object([available(), ("known", described(KNOWN, double()), true)]);
        let window = object([
            ("from", timestamp(), true),
            ("until", timestamp(), true),
            available(),
            ("pass_s", double(), true),
            ("warn_s", double(), true),
            ("fail_s", double(), true),
            ("unknown_s", double(), true),
            ("runs", int64(), false),
            ("latency_ms", percentiles.build().into(), false),
            ("bar_s", described("Length of a part of the window.", int64()), false),
            ("bars", described(BARS, list_of(bar.build())), false),
        ]);
        let windows = |is_required| {
            [("hour", "The last 60 minutes."), ("day", "The last 24 hours."), ("week", "The last 7 days.")]
                .map(|(name, text)| (name, described(text, all_of([named("AvailabilityWindow")])), is_required))
        };
        let single = object([("name", text(), true), ("level", level(), true)]);
        let of_level = object(windows(false)).property("checks", map_of(named("Availability"))).required("checks");
        components
            .schema("AvailabilityWindow", window)
            .schema("Availability", object(windows(true)))
            .schema("CheckAvailability", all_of([named("Availability"), single.into()]))
            .schema("LevelAvailability", of_level)
    }

    /// Returns the schema of these levels; a query may add the shallower ones.
    pub(in crate::render) fn of_levels(levels: &[Level]) -> RefOr<Schema> {
        let is_required = |level: &Level| levels == [*level];
        let object = Level::ALL.into_iter().fold(object([]), |object, level| {
            level_properties(object, [level], &named("LevelAvailability"), is_required(&level))
        });
        Schema::from(object.build()).into()
    }
}

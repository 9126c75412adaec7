//! The span of a run.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{Check, Level, Outcome, Selection};
use health_tests::monitor;
use tracing::{
    Instrument as _, Level as TraceLevel, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _, registry::LookupSpan};

#[derive(Debug, Default)]
struct RunSpan {
    fields: BTreeMap<&'static str, String>,
    is_root: bool,
    follows_from: Vec<&'static str>,
    events: usize,
    is_closed: bool,
}

impl Visit for RunSpan {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}").replace('"', ""));
    }
}

/// The spans of runs, by their ids.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, RunSpan>>>);

impl Spans {
    fn change(&self, id: &Id, change: impl FnOnce(&mut RunSpan)) {
        if let Some(span) = self.0.lock().expect("no panic").get_mut(&id.into_u64()) {
            change(span);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().target() == "health_runtime::run" {
            assert_eq!(*attributes.metadata().level(), TraceLevel::DEBUG);
            let mut span = RunSpan { is_root: attributes.is_root(), ..RunSpan::default() };
            attributes.record(&mut span);
            self.0.lock().expect("no panic").insert(id.into_u64(), span);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |span| values.record(span));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let name = context.span(follows).expect("a span").name();
        self.change(id, |span| span.follows_from.push(name));
    }

    fn on_event(&self, _: &tracing::Event<'_>, context: Context<'_, S>) {
        if let Some(span) = context.lookup_current() {
            self.change(&span.id(), |span| span.events += 1);
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |span| span.is_closed = true);
    }
}

#[tokio::test(start_paused = true)]
async fn each_run_has_a_root_span_that_follows_its_request() {
    let spans = Spans::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let logs = Check::new("logs", Level::L4, || async {
        tracing::info!("first");
        tokio::time::sleep(Duration::from_millis(1)).await;
        tracing::info!("second");
        Outcome::warn("so so")
    });
    let hangs = Check::new("hangs", Level::L3, std::future::pending::<()>);
    let blocked = Check::new("blocked", Level::L2, || async {}).depends_on(["hangs"]);
    let health = monitor([logs, hangs, blocked]);
    let request = tracing::info_span!("a request");
    health.report(&Selection::everything()).instrument(request).await;
    drop((health, guard));

    let spans = spans.0.lock().expect("no panic");
    let found: Vec<_> = spans
        .values()
        .map(|span| {
            assert!(span.is_root && span.is_closed, "{span:?}");
            assert_eq!(span.follows_from, ["a request"]);
            let field = |name| span.fields.get(name).map_or("", String::as_str);
            (field("check"), field("level"), field("status"), field("cause"), span.events)
        })
        .collect();
    assert_eq!(found.len(), 3);
    for expected in
        [("logs", "4", "warn", "", 2), ("hangs", "3", "fail", "timed_out", 0), ("blocked", "2", "fail", "blocked", 0)]
    {
        assert!(found.contains(&expected), "{found:?}");
    }
}

//! The method `List`, which tonic-health does not know.
//!
//! This file goes when tonic-health knows `List`: then it is one more method beside `Check`.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use prost::Message;
use tonic::{Request, Response, Status, codegen::BoxFuture, metadata::MetadataMap, server::UnaryService};
use tonic_health::pb::HealthCheckResponse;

use super::{check::Answering, services::Subject, timeout::within, verdict};
use crate::{
    http::Offer,
    model::{Level, Report, ReportEntry, Status as HealthStatus},
    monitor::Selection,
};

pub(super) const PATH: &str = "/grpc.health.v1.Health/List";

/// The longest message that a client takes if it is not told otherwise.
const LONGEST: usize = 4 * 1024 * 1024;

#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthListRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

pub(super) struct List(pub(super) Answering);

impl UnaryService<HealthListRequest> for List {
    type Response = HealthListResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<HealthListRequest>) -> Self::Future {
        let answering = self.0.clone();
        let offer = answering.offer(request.extensions());
        Box::pin(async move { answering.list(&offer, request.metadata()).await.map(Response::new) })
    }
}

impl Answering {
    async fn list(&self, offer: &Offer, metadata: &MetadataMap) -> Result<HealthListResponse, Status> {
        self.refuse_too_many(offer)?;
        // One report for all levels and checks: a report for each would look at all checks for every single one.
        let levels = within(Selection::everything().within(offer.levels), metadata);
        let groups = join_all(offer.groups.iter().map(|group| async move {
            let selection = within(Selection::group(*group), metadata);
            (*group, self.monitor().report(&selection).await)
        }));
        let (levels, groups) = join(self.monitor().report(&levels), groups).await;
        let groups: BTreeMap<_, _> = groups.into_iter().collect();

        let checks: BTreeMap<&str, &ReportEntry> =
            levels.entries().iter().map(|entry| (entry.check.name(), entry)).collect();
        let status = |(name, subject): (&str, Subject)| {
            let status = match subject {
                Subject::Check(_) => verdict::of_check(checks.get(name)?),
                Subject::Group(group) => verdict::serving(groups.get(&group)?.status()),
                Subject::Level(level) => verdict::serving(of_level(level, &levels)),
            };
            Some((name.to_owned(), verdict::response(status)))
        };
        Ok(HealthListResponse { statuses: self.services.all(offer).filter_map(status).collect() })
    }

    /// Before any check is run for it.
    fn refuse_too_many(&self, offer: &Offer) -> Result<(), Status> {
        let longest = verdict::response(verdict::serving(HealthStatus::Fail));
        let statuses: BTreeMap<_, _> = self.services.all(offer).map(|(name, _)| (name.to_owned(), longest)).collect();
        let list = HealthListResponse { statuses };
        if list.encoded_len() <= LONGEST {
            return Ok(());
        }
        let count = list.statuses.len();
        Err(Status::resource_exhausted(format!(
            "the names of {count} services do not fit into 4 MiB, the most that clients take: ask for each with Check"
        )))
    }
}

/// A level as a report on it alone has it.
fn of_level(level: Level, report: &Report) -> HealthStatus {
    let is_in = |entry: &&ReportEntry| level == Level::L1 || entry.check.level() == level;
    HealthStatus::worst(report.entries().iter().filter(is_in).filter_map(ReportEntry::counting_status))
}

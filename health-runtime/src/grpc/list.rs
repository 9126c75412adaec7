//! The method `List`, which tonic-health lacks. This file is to be removed when tonic-health has it.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use prost::Message;
use tonic::{Request, Response, Status, codegen::BoxFuture, metadata::MetadataMap, server::UnaryService};
use tonic_health::pb::HealthCheckResponse;

use super::{
    health_service::HealthService,
    services::{self, ServiceKind},
    serving_status,
    timeout::{answer, asked_by},
};
use crate::{
    http::Offer,
    model::{Level, Report, ReportEntry, Status as HealthStatus},
    monitor::Selection,
};

pub(super) const METHOD_PATH: &str = "/grpc.health.v1.Health/List";

/// Longest message that clients accept by default.
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthListRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HealthListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

pub(super) struct ListMethod(pub(super) HealthService);

impl UnaryService<HealthListRequest> for ListMethod {
    type Response = HealthListResponse;
    type Future = BoxFuture<Response<Self::Response>, Status>;

    fn call(&mut self, request: Request<HealthListRequest>) -> Self::Future {
        let service = self.0.clone();
        let offer = service.offer(request.extensions());
        Box::pin(async move { service.list(&offer, request.metadata()).await })
    }
}

impl HealthService {
    async fn list(&self, offer: &Offer, metadata: &MetadataMap) -> Result<Response<HealthListResponse>, Status> {
        self.refuse_too_many(offer)?;
        // One report for all levels and checks: one for each would gather all checks every time.
        let levels = asked_by(Selection::everything().within(offer.levels), metadata)?;
        let groups = offer.groups.iter().map(|group| Ok((*group, asked_by(Selection::group(*group), metadata)?)));
        let groups: Vec<_> = groups.collect::<Result<_, Status>>()?;
        let groups = join_all(
            groups.iter().map(|(group, selection)| async { (*group, self.monitor().gather(selection).await) }),
        );
        let (levels, groups) = join(self.monitor().gather(&levels), groups).await;
        let is_limited = levels.is_limited || groups.iter().any(|(_, group)| group.is_limited);
        let levels = levels.report;
        let groups: BTreeMap<_, _> = groups.into_iter().collect();

        // From the checks in the report, which may be others than a moment ago.
        let services = services::all(levels.entries().iter().map(|entry| &*entry.check), offer);
        let checks: BTreeMap<&str, &ReportEntry> =
            levels.entries().iter().map(|entry| (entry.check.name(), entry)).collect();
        let status = |(name, kind): (String, ServiceKind)| {
            let status = match kind {
                ServiceKind::Check(_) => serving_status::of_check(checks.get(&*name)?),
                ServiceKind::Group(group) => serving_status::serving(groups.get(&group)?.report.status()),
                ServiceKind::Level(level) => serving_status::serving(level_status(level, &levels)),
            };
            Some((name, serving_status::response(status)))
        };
        Ok(answer(HealthListResponse { statuses: services.into_iter().filter_map(status).collect() }, is_limited))
    }

    /// Refuses a list that is too long, before any check runs.
    fn refuse_too_many(&self, offer: &Offer) -> Result<(), Status> {
        let longest = serving_status::response(serving_status::serving(HealthStatus::Fail));
        let checks: Vec<_> = self.monitor().checks().collect();
        let services = services::all(checks.iter().map(|check| &**check), offer);
        let statuses: BTreeMap<_, _> = services.into_keys().map(|name| (name, longest)).collect();
        let list = HealthListResponse { statuses };
        if list.encoded_len() <= MAX_MESSAGE_BYTES {
            return Ok(());
        }
        let count = list.statuses.len();
        Err(Status::resource_exhausted(format!(
            "the names of {count} services exceed 4 MiB, the limit of clients; ask for each with Check"
        )))
    }
}

/// Returns the status that a report on this level alone has.
fn level_status(level: Level, report: &Report) -> HealthStatus {
    let is_in = |entry: &&ReportEntry| level == Level::L1 || entry.check.level() == level;
    HealthStatus::worst(report.entries().iter().filter(is_in).filter_map(ReportEntry::counting_status))
}

//! Questions to a service, and the paths at which services of different kinds answer them.

use std::time::Duration;

use clap::ValueEnum;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    client::{Client, Deadline, Method},
    failure::{Failure, FailureKind},
    report::{Entry, Report, Shape, read_answer},
    target::Target,
};

/// Every representation that is read, JSON first.
const ACCEPT: &str = "application/json, application/health+json;q=0.9, \
                      application/vnd.spring-boot.actuator.v3+json;q=0.8, text/plain;q=0.5, */*;q=0.1";

/// The query for the native shape, where the values alone may be the default.
const NATIVE: &str = "format=json&view=native";

/// Number of services in a path that is too long for every endpoint to run a check.
const MAX_PATH_ELEMENTS: usize = 32;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Paths of common health endpoints, for an address without a path: of this library, Spring Boot, Quarkus and Kubernetes.
const COMMON_PATHS: [&str; 4] = ["/health", "/actuator/health", "/q/health", "/healthz"];

/// The part of a service that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) subject: Subject,
    pub(crate) tag: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Every check.
    Everything,
    Level(u8),
    Group(Group),
    Check(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// Whether the service can take requests
    #[value(alias = "readiness")]
    Ready,
    /// Whether the process should live on
    #[value(alias = "liveness")]
    Live,
    /// Whether the service has started
    #[value(alias = "started")]
    Startup,
}

/// A report with the way in which it came.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) report: Report,
    /// Address that answered.
    pub(crate) target: Target,
    /// Time that the service took.
    pub(crate) elapsed: Duration,
}

impl Group {
    /// Returns the names of its route: ours and MicroProfile's, then Spring Boot's.
    const fn routes(self) -> [&'static str; 2] {
        match self {
            Self::Ready => ["ready", "readiness"],
            Self::Live => ["live", "liveness"],
            Self::Startup => ["startup", "started"],
        }
    }

    /// Returns the name of its route at the root, as in Kubernetes.
    const fn root_route(self) -> &'static str {
        match self {
            Self::Ready => "/readyz",
            Self::Live => "/livez",
            Self::Startup => "/startupz",
        }
    }

    /// Returns its name as a service of gRPC.
    const fn service(self) -> &'static str {
        match self {
            Self::Ready => "readiness",
            Self::Live => "liveness",
            Self::Startup => "startup",
        }
    }
}

impl Question {
    pub(crate) const fn new(subject: Subject) -> Self {
        Self { subject, tag: None }
    }

    /// Asks a service, at each path at which it may answer.
    ///
    /// # Errors
    /// None of the paths leads to a report in time.
    pub(crate) async fn ask(&self, client: &Client, target: &Target, deadline: Deadline) -> Result<Answered, Failure> {
        if target.is_grpc {
            return self.ask_grpc(client, target, deadline).await;
        }
        let mut first = None;
        let mut candidates = self.candidates(target);
        let mut at = 0;
        while let Some(candidate) = candidates.get(at) {
            match get(client, candidate, deadline).await {
                Ok(answered) => return Ok(self.whole(client, target, answered, deadline).await),
                // A gateway or a page may stand at a path that is none of the service's.
                Err(failure) if failure.kind == FailureKind::NotAReport => first = first.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
            at += 1;
            if at == candidates.len() && at == 1 {
                candidates.extend(self.linked(client, target, deadline).await);
            }
        }
        let failure = first.unwrap_or_else(|| Failure::not_a_report(format!("{target} has no such report")));
        match &*candidates {
            [_, others @ ..] if !others.is_empty() => {
                let others: Vec<_> = others.iter().map(|other| other.path.as_str()).collect();
                let advice = "write the path of its health endpoint into the URL";
                Err(Failure::not_a_report(format!(
                    "{failure}; nor is there a report at {}; {advice}",
                    others.join(", ")
                )))
            }
            _ => Err(failure),
        }
    }

    /// Replaces an overview, which lists no passing checks, by the report of all levels, if the caller may see that.
    async fn whole(&self, client: &Client, target: &Target, overview: Answered, deadline: Deadline) -> Answered {
        let link = overview.report.levels_link.as_deref().filter(|_| self.subject == Subject::Everything);
        let Some(levels) = link.and_then(|link| target.at_link(link, NATIVE)) else { return overview };
        match get(client, &levels, deadline).await {
            Ok(mut whole) => {
                let Report { service, version, cause, events_link, .. } = overview.report;
                let report = &mut whole.report;
                report.service = report.service.take().or(service);
                report.version = report.version.take().or(version);
                report.cause = report.cause.take().or(cause);
                report.events_link = events_link;
                whole.target = overview.target;
                whole.elapsed += overview.elapsed;
                whole
            }
            Err(_) => overview,
        }
    }

    /// Returns the address of the levels to which the overview links, because a service may have them anywhere. The overview
    /// runs no check for a request that has passed so many services.
    async fn linked(&self, client: &Client, target: &Target, deadline: Deadline) -> Option<Target> {
        let level = match self.subject {
            Subject::Level(level) => format!("/{level}"),
            Subject::Everything if self.tag.is_some() => String::new(),
            _ => return None,
        };
        let base = Target { path: base(target).to_owned(), ..target.clone() };
        let path = ["healthctl"; MAX_PATH_ELEMENTS].join(", ");
        let headers = [("accept", "application/json"), ("health-path", &*path)];
        let answer = client.send(&Method::Get, &base, &headers, deadline).await.ok()?;
        let link = read_answer(&answer, &base, client.has_credentials()).ok()?.levels_link?;
        let levels = base.at_link(&link, NATIVE)?;
        let query = format!("{NATIVE}{}", self.tag_query());
        Some(target.at(&format!("{}{level}", levels.path), &query))
    }

    fn tag_query(&self) -> String {
        let query = |tag| form_urlencoded::Serializer::new(String::from("&")).append_pair("tag", tag).finish();
        self.tag.as_deref().map(query).unwrap_or_default()
    }

    /// Returns the addresses at which the answer may be, the likeliest first.
    fn candidates(&self, target: &Target) -> Vec<Target> {
        let tag = self.tag_query();
        let (has_path, base) = (!target.path.is_empty(), base(target));
        let at = |path: &str, query: &str| target.at(path, &format!("{query}{tag}"));
        match &self.subject {
            Subject::Everything if self.tag.is_some() => vec![at(&format!("{base}/levels"), NATIVE)],
            Subject::Everything if has_path => vec![at(base, "format=json")],
            Subject::Everything => COMMON_PATHS.iter().map(|path| at(path, "format=json")).collect(),
            // The address of the levels themselves, such as `/api/health_levels`.
            Subject::Level(level) if has_levels(base) => vec![at(&format!("{base}/{level}"), NATIVE)],
            Subject::Level(level) => vec![at(&format!("{base}/levels/{level}"), NATIVE)],
            Subject::Check(name) => {
                // Ours, and Spring Boot's.
                let paths = [check_path(target, name), format!("{base}/{}", utf8_percent_encode(name, UNRESERVED))];
                paths.iter().map(|path| at(path, "format=json")).collect()
            }
            Subject::Group(group) => {
                let [own, other] = group.routes();
                let mut paths = vec![format!("{base}/{own}"), format!("{base}/{other}")];
                if !has_path {
                    paths.push(group.root_route().to_owned());
                    paths.push(format!("{}/{other}", COMMON_PATHS[1]));
                    paths.push(format!("{}/{own}", COMMON_PATHS[2]));
                }
                paths.iter().map(|path| at(path, "format=json")).collect()
            }
        }
    }

    async fn ask_grpc(&self, client: &Client, target: &Target, deadline: Deadline) -> Result<Answered, Failure> {
        if self.tag.is_some() {
            return Err(Failure::usage("gRPC knows no tags; ask over HTTP, or for a check by `--check`"));
        }
        let named = target.path.trim_start_matches('/');
        let service = match &self.subject {
            Subject::Everything => named.to_owned(),
            Subject::Level(level) => format!("level/{level}"),
            Subject::Group(group) => group.service().to_owned(),
            Subject::Check(name) => name.clone(),
        };
        if service.is_empty()
            && let Ok((statuses, elapsed)) = client.serving_statuses(target, deadline).await
            && let Some(status) = statuses.get("")
        {
            let mut report = Report::new(Shape::Grpc, *status);
            report.checks = statuses
                .iter()
                .filter(|(name, _)| !is_sum(name))
                .map(|(name, status)| Entry::new(name, *status))
                .collect();
            return Ok(Answered { report, target: target.clone(), elapsed });
        }
        // Servers may lack the list.
        let (status, elapsed) = client.serving_status(target, &service, deadline).await?;
        let mut report = Report::new(Shape::Grpc, status);
        if !service.is_empty() {
            report.checks.push(Entry::new(&service, status));
        }
        Ok(Answered { report, target: target.clone(), elapsed })
    }
}

/// Returns whether a path looks like that of the levels.
pub(crate) fn has_levels(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.contains("levels"))
}

/// Returns whether a service of gRPC stands for others in the list: the whole server, a group or a level.
fn is_sum(name: &str) -> bool {
    let groups = [Group::Ready, Group::Live, Group::Startup].map(Group::service);
    name.is_empty() || name.starts_with("level/") || groups.contains(&name)
}

/// Returns the path of a check.
pub(crate) fn check_path(target: &Target, name: &str) -> String {
    format!("{}/checks/{}", base(target), utf8_percent_encode(name, UNRESERVED))
}

/// Returns the path of the health endpoint, as it is likely.
pub(crate) fn base(target: &Target) -> &str {
    if target.path.is_empty() { COMMON_PATHS[0] } else { &target.path }
}

async fn get(client: &Client, target: &Target, deadline: Deadline) -> Result<Answered, Failure> {
    let answer = client.send(&Method::Get, target, &[("accept", ACCEPT)], deadline).await?;
    let report = read_answer(&answer, target, client.has_credentials())?;
    Ok(Answered { report, target: target.clone(), elapsed: answer.elapsed })
}

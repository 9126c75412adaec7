//! What is particular to pages: their policy, their tag, and problems told to people.

use std::sync::LazyLock;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::Response,
};

use super::{
    accept::Accept, answer::Answer, answering::Answering, etag, paths::Paths, problem::ProblemDetails, query::Query,
    target::Reach,
};
use crate::render::{self, FormatId, Place};

/// The name of the host, by which an operator tells instances apart.
pub(super) static INSTANCE: LazyLock<String> =
    LazyLock::new(|| gethostname::gethostname().to_string_lossy().into_owned());

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Makes a page of an answer. The part of one that its script asks for is no verdict but a piece of text, and always
/// 200: a browser logs anything else as an error of the page.
pub(super) fn dress(answer: Answer, is_fragment: bool) -> Answer {
    let answer = if is_fragment { answer.without_verdict() } else { answer };
    let tag = etag::of(answer.body());
    answer.with_headers(|headers| {
        headers.insert(header::ETAG, tag);
        insert_policy(headers);
    })
}

/// How many folders below the root of the service's paths a page stands.
pub(super) fn depth(uri: &Uri) -> usize {
    uri.path().matches('/').count().saturating_sub(1)
}

fn insert_policy(headers: &mut HeaderMap) {
    let policy = HeaderValue::from_str(&render::CONTENT_SECURITY_POLICY);
    headers.extend(policy.ok().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// One who would rather read a page than JSON, if a request has no report.
#[derive(Debug)]
pub(super) struct Reader {
    depth: usize,
    reach: Reach,
}

impl Reader {
    pub(super) fn of(request: &Request, reach: Reach) -> Option<Self> {
        let asked = Query::parse(request.uri().query(), |_| false).ok().and_then(|query| query.format);
        let liked = || Accept::of(request.headers())?.best(FormatId::JSON, |_| true);
        asked.or_else(liked).is_some_and(FormatId::is_page).then(|| Self { depth: depth(request.uri()), reach })
    }

    /// Tells a problem as a page; any other answer stays as it is.
    pub(super) fn read(self, answering: Answering, paths: &Paths) -> Answering {
        let paths = paths.clone();
        answering.map(move |response| self.translate(response, &paths))
    }

    fn translate(&self, mut response: Response, paths: &Paths) -> Response {
        let Some(problem) = response.extensions_mut().remove::<ProblemDetails>() else { return response };
        let place = Place {
            base: &paths.base,
            levels: &paths.levels,
            there: self.reach.levels,
            has_groups: self.reach.has_groups,
            has_events: false,
            depth: self.depth,
            is_fragment: false,
            as_json: "",
        };
        let status = response.status();
        let page = render::problem(place, status.as_u16(), title(status), problem.detail());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HTML);
        headers.remove(header::CONTENT_LENGTH);
        insert_policy(headers);
        response.map(|_| page.into())
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}

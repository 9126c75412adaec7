//! Request headers that decide what a caller gets.

use std::collections::BTreeSet;

use axum::http::HeaderValue;

#[cfg(feature = "access-address")]
use super::proxies::Proxies;
use super::{
    policy::{ANYTHING, AnyPolicy},
    rules::Access,
};
use crate::http::VARY;

/// The value of `Vary` under these rules; `None` if they read no header that is not in the common value.
pub(super) fn vary(access: &Access) -> Option<HeaderValue> {
    let common: Vec<&str> = VARY.split(", ").collect();
    let mut names: BTreeSet<&str> = access.policies().flat_map(AnyPolicy::headers).collect();
    #[cfg(feature = "access-address")]
    names.extend(access.proxies.iter().map(Proxies::header));
    names.retain(|name| !common.contains(name));
    let list: Vec<&str> = common.into_iter().chain(names.iter().copied()).collect();
    // A name that a policy of the user's made up and that no header can have.
    let value = || HeaderValue::from_str(&list.join(", ")).unwrap_or(HeaderValue::from_static(ANYTHING));
    (!names.is_empty()).then(value)
}

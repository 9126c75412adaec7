//! The descriptions of routes, for the OpenAPI document.

use utoipa::openapi::PathItem;

use super::super::openapi::{Described, Description, Security};

/// A route with a description.
pub(in crate::http) trait DescribeRoute {
    /// Describes the route, unless clients need not know it.
    fn path_item(&self, _path: &str, _endpoint: &Described<'_>, _security: &mut Security) -> Option<PathItem> {
        None
    }
}

/// A resource with a description.
pub(in crate::http) trait DescribeResource {
    fn describe(&self, path: &str, endpoint: &Described<'_>) -> Description;
}

//! Takes the place of descriptions without the feature `openapi`: no route has one.

pub(in crate::http) trait DescribeRoute {}

impl<T: ?Sized> DescribeRoute for T {}

pub(in crate::http) trait DescribeResource {}

impl<T: ?Sized> DescribeResource for T {}

//! Ready-made checks. They are values and never register themselves: hand them to
//! [`health_endpoint!`](crate::health_endpoint) with `checks: [probes::…]`, or to a
//! [`Registry`](crate::Registry).

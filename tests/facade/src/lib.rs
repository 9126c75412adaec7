//! A framework of a company: its users never name `health-runtime`.

pub mod offered;

pub use health_runtime as health;
pub use offered::Ledger;

/// Declares a check with the defaults of the company.
#[macro_export]
macro_rules! usual_check {
    ($name:ident, $value:expr) => {
        #[$crate::health::health_check(level = 4, crate = $crate::health)]
        async fn $name() -> bool {
            $value
        }
    };
}

/// Builds the endpoint at the path of the company.
#[macro_export]
macro_rules! usual_endpoint {
    () => {
        $crate::health::health_endpoint! { base_path: "/company/health" }
    };
}

//! Crates and prefixes.

fn main() {
    let _ = health_runtime::health_endpoint! {
        crates: [serde as "bill ing", serde_json as "", axum as billing, tokio as, std as "a" "b", core, core],
        enable_crates: [alloc as "a", "billing", serde_json::value],
    };
    let _ = health_runtime::health_endpoint! { crates: "billing", enable: "billing.queue", enable_crates: billing };
    let _ = health_runtime::health_endpoint! { crates: [crate::checks, axum as 5] };
    let _ = health_runtime::health_endpoint! { crates: [axum = "payments", serde: "payments", ("std", "payments"), core => "payments", alloc("payments")] };
}

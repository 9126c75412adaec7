use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { base_path = "/health", levels_path: "/levels" }?;
    health_endpoint! { base_path: "/health" levels_path: "/levels" }?;
    health_endpoint! { base_path: , details: public }?;
    health_endpoint! { base_path }?;
    health_endpoint! { "/health" }?;
    Ok(())
}

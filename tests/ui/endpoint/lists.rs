use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    let pool = String::new();
    health_endpoint! { state: pool.clone() }?;
    health_endpoint! { crates: my_checks }?;
    health_endpoint! { crates: [my::checks] }?;
    Ok(())
}

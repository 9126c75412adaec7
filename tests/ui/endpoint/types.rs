use health_runtime::health_endpoint;

fn main() -> Result<(), health_runtime::Error> {
    health_endpoint! { build_info: String }?;
    health_endpoint! { base_path: 5 }?;
    health_endpoint! { details: true }?;
    health_endpoint! { checks: [true, 5] }?;
    health_endpoint! { checks: vec![true] }?;
    health_endpoint! { checks: health_runtime::probes::logging() }?;
    health_endpoint! { state: [std::rc::Rc::new(5)] }?;
    health_endpoint! { configure: 5 }?;
    Ok(())
}

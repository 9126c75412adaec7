use health_runtime::health_check;

#[health_check(level = 5)]
async fn directory(path: &std::path::Path) -> bool {
    path.exists()
}

fn main() {}

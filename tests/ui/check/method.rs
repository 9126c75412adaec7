use health_runtime::health_check;

struct Database;

impl Database {
    #[health_check(level = 5)]
    async fn borrowed(&self) -> bool {
        true
    }
}

fn main() {}

//! Arguments of access rules.

use health_runtime::{
    Level,
    access::{Access, closed, public},
};

fn main() {
    let _ = Access::new().levels(1..=3, public());
    let _ = Access::new().levels(3, closed());
    let _ = Access::new().levels(Level::L4, closed).levels(Level::L5..=Level::L4, "public");
}

//! Details that cannot be serialized.

use health_runtime::health_check;

use health_runtime::Details;

struct NotSerialize;

#[health_check(level = 5)]
async fn facts() -> Details<NotSerialize> {
    Details::pass(NotSerialize)
}

fn main() {}

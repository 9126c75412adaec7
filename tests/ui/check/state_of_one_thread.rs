//! State that cannot be shared between threads.

use health_runtime::health_check;

use std::{cell::Cell, rc::Rc};

#[health_check(level = 5)]
async fn task(count: &Rc<u32>, other: Option<&Cell<u32>>) -> bool {
    **count > 0 && other.is_some()
}

#[health_check(level = 5)]
fn blocking(count: &Vec<Cell<u32>>) -> bool {
    count.is_empty()
}

fn main() {}

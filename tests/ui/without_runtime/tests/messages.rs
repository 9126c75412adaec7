//! The messages where the runtime is not a dependency. See `tests/ui/tests/messages.rs`.

#[test]
fn missing_dependency_has_its_message() {
    trybuild::TestCases::new().compile_fail("mistakes/*.rs");
}

//! The messages in edition 2021 are those of edition 2024. The folders with the mistakes are links.

#[test]
fn mistakes_have_the_same_messages() {
    let cases = trybuild::TestCases::new();
    for folder in ["ask", "build_info", "check", "check_new", "check_on", "checks", "endpoint"] {
        cases.compile_fail(format!("{folder}/*.rs"));
    }
}

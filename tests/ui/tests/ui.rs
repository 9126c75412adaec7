//! One file for each mistake, and beside it what the compiler says. After a change of the words:
//! `TRYBUILD=overwrite cargo test -p health-ui-tests`, and then read what was written.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("build_info/*.rs");
    cases.compile_fail("check/*.rs");
    cases.compile_fail("endpoint/*.rs");
    cases.pass("pass/*.rs");
}

//! One file for each mistake, beside the output of the compiler. After a change of a message, run
//! `TRYBUILD=overwrite cargo test -p health-ui-tests`, and read the new output.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("build_info/*.rs");
    cases.compile_fail("check/*.rs");
    cases.compile_fail("check_on/*.rs");
    cases.compile_fail("endpoint/*.rs");
    cases.pass("pass/*.rs");
}

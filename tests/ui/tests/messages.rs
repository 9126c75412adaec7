//! One file for each kind of mistake, beside the output of the compiler. After a change of a message run
//! `TRYBUILD=overwrite cargo test -p health-ui-tests`, and read the new output. `edition_2021` compares the same files.

#[test]
fn mistakes_have_their_messages() {
    let cases = trybuild::TestCases::new();
    for folder in ["ask", "build_info", "check", "check_new", "check_on", "checks", "endpoint"] {
        cases.compile_fail(format!("{folder}/*.rs"));
    }
}

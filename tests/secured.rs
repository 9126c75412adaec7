//! The secured example, with the lines that it prints for a person to try.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::process::{Command, Stdio};

use health_tests::start_and_read;

fn run(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).output().expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{line}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
#[ignore = "needs curl and openssl: scripts/peers"]
fn printed_commands_work() {
    let (mut service, printed) = start_and_read("secured", &[], "Ctrl-C");
    let mut heading = "";
    let mut count = 0;
    for line in printed.lines() {
        let Some(command) = line.strip_prefix("  ") else {
            heading = line;
            continue;
        };
        count += 1;
        let answer = run(command);
        let is_deep = answer.contains(r#""waiting":3"#);
        assert!(!answer.contains("hunter2") && !answer.contains("abc123"), "{command} shows a secret: {answer}");
        match heading.split([',', ':']).next().expect("a first part") {
            "Anybody" => {
                assert!(!is_deep && (answer == "ok" || answer.contains(r#""status":"pass""#)), "{command}: {answer}");
            }
            "With an access key" => {
                assert!(!is_deep && answer.contains(r#""partner":{"status":"warn""#), "{command}: {answer}");
            }
            "Refused" => assert!(answer.contains(r#""title":"#), "{command}: {answer}"),
            _ => {
                assert!(is_deep && answer.contains("api_key=***"), "{heading} {command}: {answer}");
            }
        }
    }
    assert_eq!(count, 13, "{printed:?}");
    // The example removes the files that it wrote.
    let folder = printed.lines().last().and_then(|line| line.split("removes ").nth(1)).expect("a folder");
    let folder = folder.trim_end_matches('.').to_owned();
    assert!(std::path::Path::new(&folder).exists());
    run(&format!("kill -INT {}", service.0.id()));
    assert!(service.0.wait().expect("it ends").success());
    assert!(!std::path::Path::new(&folder).exists());
}

//! The help as it is printed, the completions of bash, and the manual page.

use std::{env, fs, path::Path};

use crate::healthctl;

const COMMANDS: [&str; 14] = [
    "",
    "check",
    "levels",
    "wait",
    "explain",
    "map",
    "watch",
    "run",
    "mute",
    "unmute",
    "drill",
    "undrill",
    "completions",
    "man",
];

#[tokio::test]
async fn help_is_as_it_was_read_last() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/healthctl/help");
    let is_update = env::var_os("UPDATE_HELP").is_some();
    for name in COMMANDS {
        let arguments: Vec<_> = [name, "--help"].into_iter().filter(|argument| !argument.is_empty()).collect();
        let ended = healthctl(&arguments).await;
        assert_eq!(ended.code, 0, "{name}");
        assert!(ended.out.lines().all(|line| line.chars().count() <= 100), "{name} has long lines");
        let file = folder.join(format!("{}.txt", if name.is_empty() { "healthctl" } else { name }));
        if is_update {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&file, &ended.out).expect("a file");
        }
        let known = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            known == ended.out,
            "{} is not the help of `{name}`; set UPDATE_HELP=1, and read the change",
            file.display()
        );
    }
}

#[tokio::test]
async fn bash_completes_commands_options_and_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("healthctl.bash");
    fs::write(&script, healthctl(&["completions", "bash"]).await.out).expect("a file");
    for (words, completed) in [
        (&["healthctl", "expl"][..], "explain"),
        (&["healthctl", "check", "--lev"], "--level"),
        (&["healthctl", "check", "--group", "re"], "ready"),
        (&["healthctl", "drill", "--liven"], "--liveness"),
    ] {
        let program = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={}; _healthctl healthctl {} {}; echo \"${{COMPREPLY[@]}}\"",
            script.display(),
            words.join(" "),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        let output =
            tokio::process::Command::new("bash").args(["--norc", "-c", &program]).output().await.expect("bash");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            text.split_whitespace().any(|word| word == completed),
            "{words:?}: {text:?} {output:?}",
            output = output.stderr
        );
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(healthctl(&["completions", shell]).await.out.contains("healthctl"), "{shell}");
    }
}

#[tokio::test]
async fn manual_page_has_every_command_and_every_exit_code() {
    let page = healthctl(&["man"]).await.out;
    for part in [
        ".TH healthctl 1",
        ".SH EXIT CODES AND ENVIRONMENT",
        "healthctl\\-check(1)",
        "healthctl\\-watch(1)",
        "HEALTHCTL_SECRET",
        "64",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = healthctl(&["man", "check"]).await;
    assert!(page.out.contains(".TH healthctl\\-check 1") || page.out.contains(".TH healthctl-check 1"), "{page:?}");
    assert_eq!(healthctl(&["man", "nothing"]).await.code, 64);
}

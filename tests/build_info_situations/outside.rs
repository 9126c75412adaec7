//! Builds without a repository, or inside a foreign one.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use crate::{
    expect_head, expect_no_op,
    git::Git,
    project::{Folder, Project},
};

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn package_facts_are_known() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-package");
    let built = project.build();
    assert_eq!((built.get("name"), built.get("version"), built.get("repo")), ("app-package", "3.0.3", "abc/api"));
    assert_eq!((built.get("revision"), built.get("short"), built.get("dirty")), ("-", "-", "-"));
    assert_eq!(built.get("profile"), "debug");
    let compiler = built.get("language");
    assert!(compiler.starts_with("rustc 1.") && compiler.split(' ').count() == 2, "{compiler}");
    expect_no_op(&project);
}

#[test]
fn revision_comes_from_variables() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-variables");
    let other = REVISION.replace('0', "f");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("GIT_REVISION", REVISION)], REVISION),
        (&[("GIT_REVISION", "abcdef1")], "abcdef1"),
        (&[("GITHUB_SHA", &other)], &other),
        (&[("GIT_REVISION", REVISION), ("GITHUB_SHA", &other)], REVISION),
        (&[("GITHUB_SHA", "refs/heads/main"), ("CI_COMMIT_SHA", REVISION)], REVISION),
        (&[("GIT_REVISION", "v3.0.3"), ("GITHUB_SHA", ""), ("SOURCE_COMMIT", "unknown")], "-"),
        (&[], "-"),
    ];
    for (variables, revision) in cases {
        let project = variables.iter().fold(project.clone(), |project, (name, value)| project.with(name, value));
        let built = project.build();
        assert_eq!((built.get("revision"), built.get("dirty")), (revision, "-"), "{variables:?}");
        expect_no_op(&project);
    }
}

#[test]
fn date_comes_from_source_date_epoch() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-date");
    for date in ["1767225600", "0"] {
        let project = project.with("SOURCE_DATE_EPOCH", date);
        assert_eq!(project.build().get("date"), date);
        expect_no_op(&project);
    }
    let messages = project.with("SOURCE_DATE_EPOCH", "yesterday").fail();
    assert!(messages.contains("SOURCE_DATE_EPOCH must be a whole number of seconds since 1970-01-01"), "{messages}");
    let date: u64 = project.build().get("date").parse().unwrap();
    assert!(date > 1_767_225_600, "the time at which it was compiled, not {date}");
}

#[test]
fn packaged_crate_has_revision() {
    let folder = Folder::new();
    let project = Project::create(&folder.path().join("vendor/app"), "app-packed-crate");
    let outer = Git::init(folder.path());
    let project = project.with("GITHUB_SHA", outer.head());
    let info = |more: &str| {
        format!("{{\n  \"git\": {{\n    \"sha1\": \"{REVISION}\"{more}\n  }},\n  \"path_in_vcs\": \"\"\n}}")
    };
    project.write(".cargo_vcs_info.json", &info(""));
    let built = project.build();
    assert_eq!((built.get("revision"), built.get("dirty")), (REVISION, "-"));
    expect_no_op(&project);
    project.write(".cargo_vcs_info.json", &info(",\n    \"dirty\": true"));
    let built = project.build();
    assert_eq!((built.get("revision"), built.get("dirty")), (REVISION, "true"));
    project.write(".cargo_vcs_info.json", "{}");
    assert_eq!(project.build().get("revision"), "-");
}

#[test]
fn unpacked_source_has_no_revision() {
    for (mark, name) in [(".cargo-ok", "app-unpacked"), (".cargo-checksum.json", "app-vendored")] {
        let folder = Folder::new();
        let project = Project::create(&folder.path().join("vendor/app"), name);
        project.write(mark, "{}");
        let outer = Git::init(folder.path());
        let built = project.with("GITHUB_SHA", outer.head()).with("GIT_REVISION", outer.head()).build();
        assert_eq!((built.get("revision"), built.get("dirty")), ("-", "-"), "{mark}");
    }
}

#[test]
fn foreign_repository_is_ignored() {
    let folder = Folder::new();
    fs::write(folder.path().join(".gitignore"), "generated/\n").unwrap();
    let git = Git::init(folder.path());
    for (path, name) in [("generated/app", "app-ignored"), ("new/app", "app-new")] {
        let project = Project::create(&folder.path().join(path), name).with("GITHUB_SHA", git.head());
        let built = project.build();
        assert_eq!((built.get("revision"), built.get("dirty")), ("-", "-"), "{path}");
        expect_no_op(&project);
        let project = project.with("GIT_REVISION", REVISION);
        assert_eq!(project.build().get("revision"), REVISION, "{path}");
    }
    // The repository counts once it records the crate.
    let project = Project::at(&folder.path().join("new/app"), "app-new");
    assert_eq!(project.build().get("revision"), "-");
    git.commit_all();
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
}

#[test]
fn dangling_git_file_is_ignored() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-dangling");
    project.write(".git", "gitdir: /nowhere/.git/worktrees/app\n");
    assert_eq!(project.build().get("revision"), "-");
    assert_eq!(project.with("GIT_REVISION", REVISION).build().get("revision"), REVISION);
}

#[test]
fn revision_needs_no_git_program() {
    let folder = Folder::new();
    let programs = folder.path().join("bin");
    link_programs_but_git(&programs);
    let project = Project::create(&folder.path().join("app"), "app-no-git");
    let git = Git::init(&folder.path().join("app"));
    let without = project.with("PATH", &programs);
    assert_eq!(expect_head(&without, &git).get("dirty"), "-");
    expect_no_op(&without);
    git.commit();
    assert_eq!(expect_head(&without, &git).get("dirty"), "-");
    // Programs that fail, that print garbage, and that never end.
    for script in ["exit 1", "echo nonsense", "exec sleep 1000"] {
        let program = programs.join("git");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        project.touch("src/main.rs");
        let built = expect_head(&without, &git);
        assert_eq!((built.compiled, built.get("dirty")), (true, "-"), "{script}");
    }
}

/// Links all programs of the path but git into one folder.
fn link_programs_but_git(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let path = env::var_os("PATH").unwrap();
    for entry in env::split_paths(&path).filter_map(|folder| fs::read_dir(folder).ok()).flatten() {
        let program = entry.unwrap();
        if program.file_name() != "git" {
            // The first program of a name counts.
            let _ = symlink(program.path(), folder.join(program.file_name()));
        }
    }
}

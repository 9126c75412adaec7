//! Changes within one repository.

use crate::{
    expect_head, expect_no_op,
    git::Git,
    project::{Folder, Project},
};

#[test]
fn revision_follows_every_move_of_head() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-history");
    let git = Git::init(folder.path());
    let first = git.head();
    let check = || {
        expect_head(&project, &git);
        expect_no_op(&project);
    };
    check();
    git.commit();
    check();
    git.run("commit -q --amend --allow-empty -m amended");
    check();
    git.run("reset -q --soft HEAD~1");
    assert_eq!(git.head(), first);
    check();
    git.run("checkout -q -b feature/one");
    check();
    git.commit();
    check();
    git.run("checkout -q -b same-commit");
    check();
    git.run("checkout -q main");
    check();
    git.run("checkout -q --detach feature/one");
    check();
    git.commit();
    check();
    git.run("tag v1");
    expect_no_op(&project);
    git.run("checkout -q main");
    check();
}

#[test]
fn revision_follows_packed_references() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-packed");
    let git = Git::init(folder.path());
    expect_head(&project, &git);
    git.run("pack-refs --all");
    assert!(!project.path(".git/refs/heads/main").exists());
    expect_head(&project, &git);
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
    git.run("gc -q");
    expect_head(&project, &git);
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
}

#[test]
fn revision_is_absent_without_a_reflog_to_watch() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-no-log");
    let git = Git::init(folder.path());
    git.run("config core.logAllRefUpdates false");
    std::fs::remove_dir_all(project.path(".git/logs")).unwrap();
    expect_head(&project, &git);
    expect_no_op(&project);
    git.run("pack-refs --all");
    assert_eq!(project.build().get("revision"), "-");
    expect_no_op(&project);
}

#[test]
fn revision_follows_reftables() {
    let folder = Folder::new();
    let git = Git::at(folder.path());
    if git.try_run("init -q -b main --ref-format=reftable").is_none() {
        eprintln_skipped("this git has no reftables");
        return;
    }
    let project = Project::create(folder.path(), "app-reftable");
    git.commit_all();
    expect_head(&project, &git);
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
    git.run("worktree add -q ../reftable-worktree -b other");
    let other = folder.path().with_file_name("reftable-worktree");
    let (other_git, other_project) = (Git::at(&other), Project::at(&other, "app-reftable"));
    expect_head(&other_project, &other_git);
    other_git.commit();
    expect_head(&other_project, &other_git);
    expect_no_op(&other_project);
    std::fs::remove_dir_all(other).unwrap();
}

#[test]
fn branch_without_commit_has_no_revision() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-unborn").with("GITHUB_SHA", "0123456789abcdef");
    let git = Git::at(folder.path());
    git.run("init -q -b main");
    git.run("add -A");
    let built = project.build();
    assert_eq!((built.get("revision"), built.get("dirty")), ("-", "-"));
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
}

/// Before the first commit git may have no file that this commit changes, so every build checks again.
#[test]
#[cfg(target_os = "linux")]
fn revision_follows_first_commit_with_nothing_staged() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-first-commit");
    let git = Git::at(folder.path());
    git.run("init -q -b main");
    let built = project.build();
    assert_eq!((built.get("revision"), built.get("dirty")), ("-", "-"));
    assert!(project.build().compiled, "the next build looks again");
    git.commit_all();
    expect_head(&project, &git);
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
}

#[allow(clippy::disallowed_macros, reason = "a test may say why it did not run")]
fn eprintln_skipped(reason: &str) {
    eprintln!("skipped: {reason}");
}

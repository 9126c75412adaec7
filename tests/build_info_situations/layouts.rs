//! Repositories with other layouts than a folder `.git` next to the crate.

use std::fs;

use crate::{
    expect_head, expect_no_op,
    git::Git,
    project::{Folder, Project},
};

#[test]
fn revision_follows_a_worktree() {
    let folder = Folder::new();
    let main = folder.path().join("main");
    Project::create(&main, "app-worktree");
    let git = Git::init(&main);
    git.run("worktree add -q ../other -b other");
    let other = folder.path().join("other");
    let (project, git) = (Project::at(&other, "app-worktree"), Git::at(&other));
    let built = expect_head(&project, &git);
    assert_eq!(built.get("dirty"), "false");
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
fn revision_follows_a_submodule() {
    let folder = Folder::new();
    let (origin, outer) = (folder.path().join("origin"), folder.path().join("outer"));
    Project::create(&origin, "app-submodule");
    Git::init(&origin);
    fs::create_dir(&outer).unwrap();
    let outer_git = Git::init(&outer);
    outer_git.run("submodule --quiet add ../origin sub");
    outer_git.commit_all();
    let (project, git) = (Project::at(&outer.join("sub"), "app-submodule"), Git::at(&outer.join("sub")));
    assert_ne!(git.head(), outer_git.head());
    let built = expect_head(&project, &git);
    assert_eq!(built.get("dirty"), "false");
    expect_no_op(&project);
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
}

#[test]
fn revision_follows_the_repository_of_a_nested_crate() {
    let folder = Folder::new();
    let project = Project::create(&folder.path().join("services/api"), "app-nested");
    fs::write(folder.path().join("README.md"), "Everything.\n").unwrap();
    let git = Git::init(folder.path());
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
    fs::write(folder.path().join("README.md"), "Everything else.\n").unwrap();
    assert_eq!(project.build().get("dirty"), "true");
}

#[test]
fn revision_follows_a_shallow_clone() {
    let folder = Folder::new();
    let (origin, clone) = (folder.path().join("origin"), folder.path().join("clone"));
    Project::create(&origin, "app-shallow");
    let git = Git::init(&origin);
    git.commit();
    git.run(&format!("clone -q --depth 1 file://{} {}", origin.display(), clone.display()));
    let (project, git) = (Project::at(&clone, "app-shallow"), Git::at(&clone));
    assert_eq!(git.run("rev-list --count HEAD"), "1");
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
    git.commit();
    expect_head(&project, &git);
    expect_no_op(&project);
}

#[test]
fn revision_follows_a_ci_checkout() {
    let folder = Folder::new();
    let (origin, checkout) = (folder.path().join("origin"), folder.path().join("checkout"));
    Project::create(&origin, "app-ci");
    let git = Git::init(&origin);
    let (first, second) = (git.head(), git.commit());
    fs::create_dir(&checkout).unwrap();
    let git = Git::at(&checkout);
    git.run("init -q");
    git.run(&format!("fetch -q {} {second}", origin.display()));
    git.run("checkout -q --force FETCH_HEAD");
    // The repository outranks the variable.
    let project = Project::at(&checkout, "app-ci").with("GITHUB_SHA", &first);
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
    expect_no_op(&project);
}

#[test]
fn revision_may_be_sha256() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-sha256");
    let git = Git::at(folder.path());
    git.run("init -q -b main --object-format=sha256");
    assert_eq!(git.commit_all().len(), 64);
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
}

#[test]
fn variables_of_a_hook_are_ignored() {
    let folder = Folder::new();
    let (here, elsewhere) = (folder.path().join("here"), folder.path().join("elsewhere"));
    let project = Project::create(&here, "app-hook");
    let git = Git::init(&here);
    Project::create(&elsewhere, "app-elsewhere");
    Git::init(&elsewhere).commit();
    let project = project
        .with("GIT_DIR", elsewhere.join(".git"))
        .with("GIT_WORK_TREE", &elsewhere)
        .with("GIT_INDEX_FILE", elsewhere.join(".git/index"));
    assert_eq!(expect_head(&project, &git).get("dirty"), "false");
}

#[test]
fn head_is_read_without_other_files() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-sparse");
    let git = Git::init(folder.path());
    let revision = git.head();
    for entry in fs::read_dir(project.path(".git")).unwrap() {
        let path = entry.unwrap().path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("HEAD" | "refs") => {}
            _ if path.is_dir() => fs::remove_dir_all(path).unwrap(),
            _ => fs::remove_file(path).unwrap(),
        }
    }
    assert!(git.try_run("rev-parse HEAD").is_none());
    let built = project.build();
    assert_eq!((built.get("revision"), built.get("dirty")), (revision.as_str(), "-"));
    expect_no_op(&project);
}

//! The fact `dirty`: differences between the working tree and the commit.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
    },
};

use crate::{
    expect_head, expect_no_op,
    git::Git,
    project::{Folder, Project},
};

#[track_caller]
fn expect_dirty(project: &Project, git: &Git, dirty: &str) {
    assert_eq!(expect_head(project, git).get("dirty"), dirty);
    expect_no_op(project);
}

#[test]
fn dirty_follows_every_recorded_file() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-dirty");
    let git = Git::init(folder.path());
    let main = fs::read_to_string(project.path("src/main.rs")).unwrap();
    expect_dirty(&project, &git, "false");
    project.touch("README.md");
    expect_dirty(&project, &git, "false");
    project.write("notes.txt", "Not recorded.\n");
    expect_no_op(&project);
    project.append("README.md", "More.\n");
    expect_dirty(&project, &git, "true");
    git.run("add README.md");
    expect_dirty(&project, &git, "true");
    git.commit();
    expect_dirty(&project, &git, "false");
    project.append("src/main.rs", "// More.\n");
    expect_dirty(&project, &git, "true");
    project.write("src/main.rs", &main);
    expect_dirty(&project, &git, "false");
    project.append("src/main.rs", "// More.\n");
    expect_dirty(&project, &git, "true");
    git.commit_all();
    expect_dirty(&project, &git, "false");
    // Staged, and reverted in the working tree only: the build matches the commit.
    let readme = fs::read_to_string(project.path("README.md")).unwrap();
    project.append("README.md", "Staged.\n");
    git.run("add README.md");
    project.write("README.md", &readme);
    expect_dirty(&project, &git, "false");
}

#[test]
fn dirty_tree_is_rebuilt_only_when_its_proof_changes() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-at-work");
    project.write("docs/guide.md", "How.\n");
    let git = Git::init(folder.path());
    project.append("README.md", "More.\n");
    expect_dirty(&project, &git, "true");
    project.append("docs/guide.md", "More.\n");
    expect_no_op(&project);
    // The first changed file is restored, and another one differs.
    git.run("checkout -q README.md");
    expect_dirty(&project, &git, "true");
    git.run("checkout -q docs/guide.md");
    expect_dirty(&project, &git, "false");
}

#[test]
fn dirty_is_absent_if_files_cannot_be_followed() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-unfollowable");
    let git = Git::init(folder.path());
    fs::remove_file(project.path("README.md")).unwrap();
    expect_dirty(&project, &git, "-");
    git.run("checkout -q README.md");
    project.touch("src/main.rs");
    expect_dirty(&project, &git, "false");
    symlink("README.md", project.path("LINK.md")).unwrap();
    git.commit_all();
    expect_dirty(&project, &git, "-");
    // A difference is still reported.
    project.append("README.md", "More.\n");
    project.touch("src/main.rs");
    expect_dirty(&project, &git, "true");
}

#[test]
fn dirty_follows_files_of_any_name() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-names");
    let name = "odd names/ \"double\" 'single' #1 $HOME %20 ä & (x) [y] {z}: -a  b;.txt";
    project.write(name, "Odd.\n");
    let git = Git::init(folder.path());
    expect_dirty(&project, &git, "false");
    project.append(name, "More.\n");
    expect_dirty(&project, &git, "true");
    git.commit_all();
    expect_dirty(&project, &git, "false");
    for name in [&b"tab\there"[..], b"line\nbreak", b"back\\slash", b"space ", b"not \xff UTF-8"] {
        let path = project.path("").join(OsStr::from_bytes(name));
        if fs::write(&path, "Odder.\n").is_ok() {
            git.commit_all();
            expect_dirty(&project, &git, "-");
            fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn build_writes_neither_repository_nor_program() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-untouched");
    let git = Git::init(folder.path());
    git.run("config core.splitIndex true");
    git.run("config core.fsmonitor true");
    project.touch("README.md");
    let contents = |file: &str| fs::read(project.path(file)).unwrap();
    let names = || fs::read_dir(project.path(".git")).unwrap().count();
    let before = (contents(".git/index"), names());
    expect_dirty(&project, &git, "false");
    assert!(before == (contents(".git/index"), names()), "the repository was written into");
    let program = String::from_utf8_lossy(&fs::read(project.program()).unwrap()).into_owned();
    assert!(program.contains(&git.head()), "the revision is in the program");
    assert!(!program.contains("Text that must not be"), "a watched file is not embedded");
}

#[test]
fn executable_bit_does_not_count() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-executable");
    let git = Git::init(folder.path());
    fs::set_permissions(project.path("README.md"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!git.run("status --porcelain").is_empty());
    expect_dirty(&project, &git, "false");
}

//! Whether the working tree differs from the commit.

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
fn follows_every_recorded_file() {
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
    // Staged, and taken back in the working tree only: what is built is what was committed.
    let readme = fs::read_to_string(project.path("README.md")).unwrap();
    project.append("README.md", "Staged.\n");
    git.run("add README.md");
    project.write("README.md", &readme);
    expect_dirty(&project, &git, "false");
}

#[test]
fn a_dirty_tree_is_compiled_for_nothing_but_what_proves_it() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-at-work");
    project.write("docs/guide.md", "How.\n");
    let git = Git::init(folder.path());
    project.append("README.md", "More.\n");
    expect_dirty(&project, &git, "true");
    project.append("docs/guide.md", "More.\n");
    expect_no_op(&project);
    // The proof is gone, and there is another.
    git.run("checkout -q README.md");
    expect_dirty(&project, &git, "true");
    git.run("checkout -q docs/guide.md");
    expect_dirty(&project, &git, "false");
}

#[test]
fn leaves_out_what_it_could_not_follow() {
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
    // That a file differs is still certain.
    project.append("README.md", "More.\n");
    project.touch("src/main.rs");
    expect_dirty(&project, &git, "true");
}

#[test]
fn takes_any_name_of_a_file() {
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
fn writes_nothing_into_the_repository_and_nothing_into_the_program() {
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
    assert!(!program.contains("What nobody should find"), "so is a file that was watched");
}

#[test]
fn does_not_care_what_is_executable() {
    let folder = Folder::new();
    let project = Project::create(folder.path(), "app-executable");
    let git = Git::init(folder.path());
    fs::set_permissions(project.path("README.md"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!git.run("status --porcelain").is_empty());
    expect_dirty(&project, &git, "false");
}

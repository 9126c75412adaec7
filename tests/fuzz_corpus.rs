//! The kept inputs of fuzzing, run once more.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

#[allow(unreachable_pub, reason = "it is a library elsewhere")]
#[path = "../fuzz/src/lib.rs"]
mod entries;

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use entries::ENTRIES;

#[test]
fn corpus_makes_no_parser_panic_or_hang() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, entry) in ENTRIES {
        let folder = fs::read_dir(corpus.join(name)).expect("a corpus for each target");
        let mut count = 0;
        for file in folder {
            let path = file.expect("a file").path();
            let bytes = fs::read(&path).expect("a file");
            let start = SystemTime::now();
            entry(&bytes);
            let took = start.elapsed().unwrap_or_default();
            assert!(took < Duration::from_secs(5), "{} took {took:?}", path.display());
            count += 1;
        }
        assert!(count > 4, "{name} has a corpus of {count}");
    }
}

#[test]
fn every_corpus_has_a_target() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    for (folder, suffix) in [("corpus", ""), ("fuzz_targets", ".rs")] {
        let mut names: Vec<_> = fs::read_dir(root.join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        names.sort_unstable();
        assert_eq!(names, ENTRIES.map(|(name, _)| format!("{name}{suffix}")), "{folder}");
    }
}

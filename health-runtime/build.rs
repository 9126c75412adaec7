//! Does nothing: cargo accepts `links` only with a build script.

fn main() {
    #[expect(clippy::disallowed_macros, reason = "the way to speak to cargo")]
    {
        println!("cargo::rerun-if-changed=build.rs");
    }
}

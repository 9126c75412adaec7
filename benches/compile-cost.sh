#!/usr/bin/env bash
# Measures the CPU seconds that rustc takes for 1,000 asynchronous checks: plain functions, annotated with this checkout, and annotated
# with another commit. Fails if this checkout is above a limit. README.md says how the crate looks and how each figure is counted.
#
# ROUNDS=3 benches/compile-cost.sh           this checkout
# benches/compile-cost.sh b83896b            another commit and this checkout, in turns
set -euo pipefail

rounds=${ROUNDS:-3}
checks=${CHECKS:-1000}
modules=50

cd "$(dirname "${BASH_SOURCE[0]}")/.."
checkout=$PWD
# The defaults of cargo, whatever this shell has set.
unset CARGO_TARGET_DIR CARGO_INCREMENTAL CARGO_PROFILE_DEV_DEBUG RUSTFLAGS

# With SCRATCH the built dependencies stay for the next run.
scratch=${SCRATCH:-$(mktemp -d)}
[ -n "${SCRATCH:-}" ] || trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"
rm -f "$scratch"/*.{debug,rebuild,release,check}
TIMEFORMAT='%U %S'

# Copies the sources, so that an edit during the measurement changes nothing.
sources() { # variant
    rm -rf "$scratch/$1.sources"
    mkdir -p "$scratch/$1.sources"
    tar -x -C "$scratch/$1.sources"
}
variants=(plain)
if [ "$#" -gt 0 ]; then
    git archive "$1" | sources before
    variants+=(before)
fi
git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | sources now
variants+=(now)

# Writes one module. Six of ten checks have no state, three borrow one value and one borrows two; two thirds return a `Result`, the
# others `bool`; four have a level alone, four a timeout and a group, two are background checks with a dependency.
module() { # variant number
    awk -v annotated="$([ "$1" = plain ] || echo 1)" -v module="$2" -v each=$((checks / modules)) '
        BEGIN {
            split("2s 3s 500ms 1500ms 5s", timeouts)
            if (annotated) print "use health_runtime::health_check;\n"
            print "use crate::{Error, Pool, Queue, ask};\n"
            for (i = 0; i < each; i++) {
                kind = i % 10; n = module * each + i
                parameters = kind < 6 ? "" : kind < 9 ? "pool: &Pool" : "pool: &Pool, queue: &Queue"
                call = kind < 6 ? "ask(" n ")" : "pool.query(" n ")"
                also = kind < 9 ? "" : " && queue.is_open()"
                keys = "level = " (i % 5 + 1)
                if (kind % 5 == 1 || kind % 5 == 2) keys = keys ", timeout = \"" timeouts[i % 5 + 1] "\", readiness"
                if (kind % 5 == 3) keys = "level = 3, interval = \"30s\", critical = false, depends_on(\"check_" module * each "\"), tags(\"partner\")"
                print "/// Does partner " n " answer?"
                if (annotated) print "#[health_check(" keys ")]"
                if (i % 3 == 2) print "pub async fn check_" n "(" parameters ") -> bool {\n    matches!(" call ".await, Ok(rows) if rows > 3" also ")\n}\n"
                else print "pub async fn check_" n "(" parameters ") -> Result<(), Error> {\n    let rows = " call ".await?;\n    if rows > 3" also " { Ok(()) } else { Err(Error(rows)) }\n}\n"
                uses[i] = "check_" n "(" (kind < 6 ? "" : kind < 9 ? "pool" : "pool, queue") ")"
            }
            if (!annotated) {
                # rustc compiles no future that nothing polls.
                print "pub fn poll(context: &mut std::task::Context<\x27_>, pool: &Pool, queue: &Queue) {"
                for (i = 0; i < each; i++) print "    let _ = std::pin::pin!(" uses[i] ").poll(context);"
                print "    let _ = (pool, queue);\n}"
            }
        }'
}

library() {
    for ((m = 0; m < modules; m++)); do echo "pub mod m$m;"; done
    cat <<'RUST'

#[derive(Debug)]
pub struct Error(pub u32);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "only {} rows", self.0)
    }
}

impl std::error::Error for Error {}

pub struct Pool(pub u32);

impl Pool {
    pub async fn query(&self, rows: u32) -> Result<u32, Error> {
        tokio::task::yield_now().await;
        if self.0 > rows { Ok(rows) } else { Err(Error(rows)) }
    }
}

pub struct Queue(pub bool);

impl Queue {
    pub fn is_open(&self) -> bool {
        self.0
    }
}

pub async fn ask(partner: u32) -> Result<u32, Error> {
    tokio::task::yield_now().await;
    Ok(partner)
}
RUST
}

prepare() { # variant
    local folder=$scratch/$1
    mkdir -p "$folder/src"
    cp "$checkout/Cargo.lock" "$checkout/rust-toolchain.toml" "$folder/"
    cat >"$folder/Cargo.toml" <<TOML
[package]
name = "many"
edition = "2024"

[workspace]

[dependencies]
tokio = { version = "1", features = ["rt"] }
TOML
    [ "$1" = plain ] || echo "health-runtime = { path = \"$scratch/$1.sources/health-runtime\" }" >>"$folder/Cargo.toml"
    echo >"$folder/src/lib.rs"
    (
        cd "$folder"
        cargo fetch --quiet
        cargo build --quiet --offline
        cargo build --quiet --offline --release
        cargo check --quiet --offline
    )
    library >"$folder/src/lib.rs"
    for ((m = 0; m < modules; m++)); do module "$1" "$m" >"$folder/src/m$m.rs"; done
}

# Prints the seconds of user and system time of one cargo command.
cpu() { # variant command...
    local folder=$scratch/$1 log=$scratch/$1.log
    shift
    (
        cd "$folder"
        { time "$@" >"$log" 2>&1; } 2>"$log.time" || { cat "$log" >&2; exit 1; }
    )
    awk '{ print $1 + $2 }' "$log.time"
}

forget() { # variant
    rm -rf "$scratch/$1"/target/*/{incremental,.fingerprint/many-*,deps/libmany-*,deps/many-*}
}

# Changes the body of one check.
touch_one() { # variant
    sed -i -E '0,/rows > ([0-9]+)/s//rows > 1\1/' "$scratch/$1/src/m7.rs"
}

# Lines of all functions of the crate, without debug information and without the functions that poll the plain ones.
ir_lines() { # variant
    (
        cd "$scratch/$1"
        cargo rustc --quiet --offline -- --emit=llvm-ir -C codegen-units=1 -C debuginfo=0
        awk '/^define/ { name = $0; inside = 1 } inside { lines++ } /^}/ { if (name !~ /4poll17h/ || name !~ /4many/) all += lines; lines = 0; inside = 0 } END { print all }' \
            target/debug/deps/many-*.ll
    )
}

median() { sort -g "$1" | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

for variant in "${variants[@]}"; do prepare "$variant"; done
echo "the dependencies are built" >&2

for ((round = 1; round <= rounds; round++)); do
    for variant in "${variants[@]}"; do
        forget "$variant"
        {
            echo "debug $(cpu "$variant" cargo build --offline)"
            touch_one "$variant"
            echo "rebuild $(cpu "$variant" cargo build --offline)"
            echo "release $(cpu "$variant" cargo build --offline --release)"
            cpu "$variant" cargo check --offline >/dev/null
            touch_one "$variant"
            echo "check $(cpu "$variant" cargo check --offline)"
        } | while read -r figure seconds; do
            echo "$seconds" >>"$scratch/$variant.$figure"
            echo "round $round, $variant, $figure: $seconds" >&2
        done
    done
done
for variant in "${variants[@]}"; do
    awk -v lines="$(ir_lines "$variant")" -v checks="$checks" 'BEGIN { printf "%.0f\n", lines / checks }' >"$scratch/$variant.ir"
    rm -rf "$scratch/$variant/target/macros"
    [ "$variant" = plain ] || cpu "$variant" cargo build --offline --package health-macros --target-dir target/macros >"$scratch/$variant.macros"
done
echo - >"$scratch/plain.macros"

missed=0
report() { # figure limit title
    local line=$3 variant measured
    for variant in "${variants[@]}"; do
        measured=$(if [ "$1" = macros ]; then cat "$scratch/$variant.macros"; else median "$scratch/$variant.$1"; fi)
        line+=" | $variant $measured"
    done
    if [ "$2" != - ]; then
        if awk -v limit="$2" -v measured="$measured" 'BEGIN { exit !(measured <= limit) }'; then line+=" | limit $2: kept"; else line+=" | limit $2: MISSED"; missed=1; fi
    fi
    echo "$line"
}
report debug 7 "debug build, CPU s"
report release 11 "release build, CPU s"
report rebuild 2.5 "debug rebuild after a change in one check, CPU s"
report check 0.7 "cargo check after a change in one check, CPU s"
report ir 350 "lines of LLVM IR for each check"
report macros - "cold build of health-macros, CPU s"
exit "$missed"

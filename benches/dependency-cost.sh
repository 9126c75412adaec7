#!/usr/bin/env bash
# Measures the crates and the CPU seconds of a cold release build that health-runtime without features adds to a service
# with axum, tokio, serde and serde_json. Fails if either is above its limit.
#
# ROUNDS=2 benches/dependency-cost.sh
set -euo pipefail

rounds=${ROUNDS:-2}
crates_limit=12
seconds_limit=12

cd "$(dirname "${BASH_SOURCE[0]}")/.."
checkout=$PWD
# A cold build finds nothing in the target folder.
unset CARGO_TARGET_DIR

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The versions are those of this checkout, and so is the toolchain.
app() { # name
    mkdir -p "$scratch/$1/src"
    cp Cargo.lock rust-toolchain.toml "$scratch/$1/"
    cat >"$scratch/$1/Cargo.toml" <<EOF
[package]
name = "$1"
edition = "2024"

[workspace]

[dependencies]
axum = "0.8"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
EOF
}

app plain
cat >"$scratch/plain/src/main.rs" <<'EOF'
use axum::{Json, Router, routing::get};

#[derive(serde::Serialize)]
struct Hello {
    text: &'static str,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", serde_json::to_string(&Hello { text: "hello" })?);
    let app = Router::new().route("/", get(|| async { Json(Hello { text: "hello" }) }));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:0").await?, app).await?;
    Ok(())
}
EOF

app healthy
echo "health-runtime = { path = \"$checkout/health-runtime\" }" >>"$scratch/healthy/Cargo.toml"
cat >"$scratch/healthy/src/main.rs" <<'EOF'
use axum::{Json, Router, routing::get};
use health_runtime::{Check, Endpoint, Level};

#[derive(serde::Serialize)]
struct Hello {
    text: &'static str,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", serde_json::to_string(&Hello { text: "hello" })?);
    let endpoint = Endpoint::builder().checks([Check::new("db", Level::L1, || async { true })]).build()?;
    let app = Router::new().route("/", get(|| async { Json(Hello { text: "hello" }) })).merge(endpoint.router());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:0").await?, app).await?;
    Ok(())
}
EOF

# Fetches missing sources; the timed builds fetch nothing.
for name in plain healthy; do
    (cd "$scratch/$name" && cargo fetch --quiet)
done

# Prints the seconds of user and system time, and the number of compiled crates.
TIMEFORMAT='%U %S'
build() { # name
    rm -rf "$scratch/$1/target"
    (
        cd "$scratch/$1"
        { time cargo build --release --offline >"$scratch/$1.log" 2>&1; } 2>"$scratch/$1.time" ||
            { cat "$scratch/$1.log" >&2; exit 1; }
    )
    sed -nE 's/^ *Compiling ([^ ]+) v([^ ]+).*/\1/p' "$scratch/$1.log" | grep -vx "$1" | sort >"$scratch/$1.crates"
    awk '{ print $1 + $2 }' "$scratch/$1.time"
}

median() { sort -g | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

: >"$scratch/added"
for ((round = 1; round <= rounds; round++)); do
    plain=$(build plain)
    healthy=$(build healthy)
    awk -v plain="$plain" -v healthy="$healthy" 'BEGIN { printf "%.1f\n", healthy - plain }' >>"$scratch/added"
    echo "cold release build: plain $plain CPU s, with health-runtime $healthy CPU s, added $(tail -n 1 "$scratch/added")"
done

missed=0
judge() { # name limit measured
    local verdict
    verdict=$(awk -v limit="$2" -v measured="$3" 'BEGIN { print (measured <= limit) ? "kept" : "MISSED" }')
    echo "$1: limit $2, measured $3: $verdict"
    [ "$verdict" = kept ] || missed=1
}
comm -13 "$scratch/plain.crates" "$scratch/healthy.crates" >"$scratch/added.crates"
echo "added crates: $(paste -sd ' ' "$scratch/added.crates")"
judge "added crates" "$crates_limit" "$(wc -l <"$scratch/added.crates")"
judge "added CPU seconds" "$seconds_limit" "$(median <"$scratch/added")"
exit "$missed"

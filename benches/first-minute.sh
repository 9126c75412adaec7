#!/usr/bin/env bash
# Seconds and CPU seconds from a fresh clone to a built quickstart, with an empty target folder. The sources of the
# dependencies are fetched before, so that the network is not measured.
#
# benches/first-minute.sh                    this commit
# benches/first-minute.sh v0.1.0 HEAD        two commits, one after the other, on the same machine
set -euo pipefail
repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for commit in "${@:-HEAD}"; do
  rm -rf "$folder/clone"
  git clone --quiet --no-hardlinks "$repository" "$folder/clone"
  git -C "$folder/clone" checkout --quiet "$(git -C "$repository" rev-parse "$commit")"
  TIMEFORMAT="$commit: %R s, CPU %U s + %S s"
  (
    cd "$folder/clone"
    cargo fetch --quiet --locked
    time CARGO_TARGET_DIR=$folder/clone/target cargo build --quiet --locked --example quickstart
  )
done

#!/usr/bin/env bash
# Compares stored answers of the health endpoint with bare axum routes that give the same bytes: requests per second
# (wrk, 64 connections, the server on one core and the load on another, one after the other in turns), and
# allocations for each request. Fails if a median ratio is below the target.
#
# ROUNDS=5 SECONDS_EACH=4 benches/throughput.sh
set -euo pipefail

rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-4}
target=0.9
connections=64

cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v wrk >/dev/null; then
    apt-get install -y --no-install-recommends wrk >/dev/null ||
        { echo "this needs wrk, and could not install it" >&2; exit 2; }
fi
if [ "$(nproc)" -lt 2 ]; then
    echo "this needs two cores, one for the server and one for the load" >&2
    exit 2
fi

cargo build --quiet --release -p health-benches --bins
binaries=${CARGO_TARGET_DIR:-target}/release

scratch=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

taskset -c 0 "$binaries/throughput-server" >"$scratch/addresses" &
server=$!
until [ -s "$scratch/addresses" ]; do
    kill -0 "$server" 2>/dev/null || { echo "the server did not start" >&2; exit 2; }
    sleep 0.1
done
read -r health bare <"$scratch/addresses"

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

# Requests per second, and the server's CPU time for each in microseconds: where others use the same cores the second
# is the steadier. An answer that is no 2xx, or none at all, makes both worthless.
load() { # address path seconds
    local before after
    before=$(cpu_ticks)
    taskset -c 1 wrk --threads 1 --connections "$connections" --duration "${3}s" "http://$1$2" >"$scratch/wrk"
    after=$(cpu_ticks)
    if grep -qE 'Non-2xx|Socket errors' "$scratch/wrk"; then
        cat "$scratch/wrk" >&2
        return 1
    fi
    awk -v seconds="$(awk "BEGIN { print ($after - $before) / $(getconf CLK_TCK) }")" '
        / requests in / { requests = $1 }
        /^Requests\/sec:/ { printf "%d %.2f\n", $2, seconds * 1e6 / requests }' "$scratch/wrk"
}

median() { sort -g | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

missed=0
for path in /livez /health/levels/1; do
    load "$bare" "$path" 1 >/dev/null
    load "$health" "$path" 1 >/dev/null
    : >"$scratch/ratios"
    for ((round = 1; round <= rounds; round++)); do
        # Who goes first changes, so that a machine that grows slower favours neither.
        if ((round % 2)); then
            of_health=$(load "$health" "$path" "$seconds")
            of_bare=$(load "$bare" "$path" "$seconds")
        else
            of_bare=$(load "$bare" "$path" "$seconds")
            of_health=$(load "$health" "$path" "$seconds")
        fi
        echo "$of_health $of_bare" | awk '{ printf "%.3f %.3f\n", $1 / $3, $4 / $2 }' >>"$scratch/ratios"
        echo "$of_health $of_bare $(tail -n 1 "$scratch/ratios")" | awk -v path="$path" '{
            printf "%s: health %d/s (%.2f us of CPU), bare %d/s (%.2f us), ratio %s (by CPU %s)\n", path, $1, $2, $3, $4, $5, $6
        }'
    done
    ratio=$(cut -d ' ' -f 1 "$scratch/ratios" | median)
    by_cpu=$(cut -d ' ' -f 2 "$scratch/ratios" | median)
    verdict=$(awk -v ratio="$ratio" -v target="$target" 'BEGIN { print (ratio >= target) ? "kept" : "MISSED" }')
    echo "$path: target $target, measured $ratio (by CPU $by_cpu): $verdict"
    [ "$verdict" = kept ] || missed=1
done

# On its own, because counting costs time.
"$binaries/allocations"
exit "$missed"

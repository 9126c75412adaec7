#!/usr/bin/env bash
# Compares stored answers of the health endpoint with bare axum routes that give the same bytes: requests per second
# (wrk, 64 connections, server and load on separate cores, in turns), and allocations for each request. Fails if a median
# ratio is below the target.
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

# Prints requests per second, the server's CPU time for each in microseconds, and its share of the core. Fails on a
# missing response and on one without a 2xx status, which would make the numbers worthless.
load() { # address path seconds
    local before after
    before=$(cpu_ticks)
    taskset -c 1 wrk --threads 1 --connections "$connections" --duration "${3}s" "http://$1$2" >"$scratch/wrk"
    after=$(cpu_ticks)
    if grep -qE 'Non-2xx|Socket errors' "$scratch/wrk"; then
        cat "$scratch/wrk" >&2
        return 1
    fi
    awk -v cpu="$(((after - before) * 1000000 / $(getconf CLK_TCK)))" -v wall="$3" '
        / requests in / { requests = $1 }
        /^Requests\/sec:/ { printf "%d %.2f %.2f\n", $2, cpu / requests, cpu / 1e6 / wall }' "$scratch/wrk"
}

quotient() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }
is_less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
median() { sort -g | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

missed=0
for path in /livez /health/levels/1; do
    load "$bare" "$path" 1 >/dev/null
    load "$health" "$path" 1 >/dev/null
    : >"$scratch/ratios"
    for ((round = 1; round <= rounds; round++)); do
        # The order alternates, so that a machine that grows slower favours neither.
        if ((round % 2)); then
            of_health=$(load "$health" "$path" "$seconds")
            of_bare=$(load "$bare" "$path" "$seconds")
        else
            of_bare=$(load "$bare" "$path" "$seconds")
            of_health=$(load "$health" "$path" "$seconds")
        fi
        read -r health_rate health_cpu health_share <<<"$of_health"
        read -r bare_rate bare_cpu bare_share <<<"$of_bare"
        ratio=$(quotient "$health_rate" "$bare_rate")
        by_cpu=$(quotient "$bare_cpu" "$health_cpu")
        echo "$ratio $by_cpu $health_share $bare_share" >>"$scratch/ratios"
        echo "$path: health $health_rate/s ($health_cpu us of CPU each), bare $bare_rate/s ($bare_cpu us)," \
            "ratio $ratio (by CPU $by_cpu)"
    done
    ratio=$(cut -d ' ' -f 1 "$scratch/ratios" | median)
    by_cpu=$(cut -d ' ' -f 2 "$scratch/ratios" | median)
    share=$(cut -d ' ' -f 3,4 "$scratch/ratios" | tr ' ' '\n' | median)
    judged=$ratio
    # Other programs on the server's core distort requests per second, but not the CPU time of each.
    if is_less "$share" 0.9; then
        judged=$by_cpu
        echo "$path: the server had $share of its core only, so this is judged by CPU time"
    fi
    verdict=kept
    if is_less "$judged" "$target"; then verdict=MISSED; fi
    echo "$path: target $target, measured $ratio (by CPU $by_cpu): $verdict"
    [ "$verdict" = kept ] || missed=1
done

# A separate run, because counting costs time.
"$binaries/allocations"
exit "$missed"

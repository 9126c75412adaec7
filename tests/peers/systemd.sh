#!/usr/bin/env bash
# Runs the example `systemd_unit` under a user manager of systemd, and prints what the manager shows. To be called in a mount
# namespace of its own, because the manager wants a `/run` that looks like that of a machine booted with systemd.
#
# unshare --mount --propagation private tests/peers/systemd.sh life|watchdog PROGRAM ADDRESS
set -euo pipefail
scenario=$1 program=$2 address=$3

mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user-manager
export XDG_RUNTIME_DIR=/run/user-manager
/usr/lib/systemd/systemd --user --log-target=null 2>/dev/null &
manager=$!
# It ends its services with itself.
trap 'kill -TERM "$manager" 2>/dev/null; wait "$manager" 2>/dev/null || true' EXIT

until_true() { # command…
  for _ in $(seq 300); do
    if "$@"; then return; fi
    sleep 0.1
  done
  echo "it did not come to that: $*" >&2
  systemctl --user status --no-pager health-tests >&2 || true
  exit 1
}

show() { # properties
  systemctl --user show health-tests --property "$1" | sort | paste -sd ' '
}

is() { # property=value
  [ "$(show "${1%%=*}")" = "$1" ]
}

start() { # options…
  systemd-run --quiet --user --unit health-tests --service-type notify --setenv "HEALTH_ADDRESS=$address" "$@" "$program"
}

until_true [ -S /run/user-manager/systemd/private ]

case $scenario in
  life)
    start --property WatchdogSec=5
    until_true is StatusText=ready
    echo "started $(show ActiveState,SubState,StatusText)"
    systemctl --user stop --no-block health-tests
    until_true is StatusText=draining
    echo "stopping $(show SubState,StatusText)"
    # A unit that ended well is forgotten, with its result.
    until_true is ActiveState=inactive
    echo "stopped $(show Result)"
    ;;
  watchdog)
    start --property WatchdogSec=1 --property Restart=on-failure --property RestartSec=3
    echo "started $(show NRestarts)"
    curl --silent --show-error --request POST "http://$address/break"
    until_true is Result=watchdog
    echo "broken $(show Result)"
    until_true is NRestarts=1
    until_true is ActiveState=active
    echo "restarted $(show ActiveState,NRestarts)"
    ;;
esac

//! The longer texts of the help.

pub(super) const ABOUT: &str = "\
Asks health endpoints, for people, CI and monitoring.

It reads the endpoints of health-runtime, and those of Spring Boot (actuator), MicroProfile (Quarkus, Open Liberty), \
health+json, ASP.NET, Kubernetes (plain text) and gRPC.

A URL names a service (http://127.0.0.1:8080), its health endpoint (https://host/ops/health), a gRPC server \
(grpc://host:50051) or a Unix socket (unix:/run/orders.sock, unix:/run/orders.sock:/ops/health).";

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0   the service passes; so it does with a warning, unless --strict
  1   the service fails, cannot be reached, or does not answer with a report
  64  the command line is not valid, or a file that it names

  With --nagios they are those of monitoring plugins: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

Environment:
  HEALTHCTL_SECRET  the password, secret or token of --basic, --access-key, --signed or --bearer
  NO_COLOR          no colours
  SSL_CERT_FILE     trusted authorities, in the place of those of this host";

pub(super) const CHECK: &str = "\
Asks a service once, and shows its checks: failures first, then warnings.

Without an option it asks for every check of every level. The same checks run as if a browser asked; results that are young \
enough are reused.";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  healthctl check http://127.0.0.1:8080
  healthctl check https://orders.example.com/ops/health --group ready --timeout 2s
  healthctl check http://127.0.0.1:8080 --level 1 --bearer --secret-file /run/secrets/token
  healthctl check unix:/run/orders.sock --check db --json
  healthctl check grpc://127.0.0.1:50051/orders.v1.Orders
  healthctl check http://127.0.0.1:8080 --nagios

Exit codes: 0 if it passes or warns (with --strict only if it passes), 1 if it fails or does not answer, 64 for a mistake in \
the command. With --nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: the credentials are refused, or there is no report.";

pub(super) const LEVELS: &str = "\
Asks for one level after the other: 5 (is the process there?) first, then 4, 3, 2, and 1 (does everything behind it work?). \
It stops at the first level that fails, because deeper ones rest on it.";

pub(super) const LEVELS_EXAMPLES: &str = "\
Examples:
  healthctl levels http://127.0.0.1:8080
  healthctl levels http://127.0.0.1:8080 --all --timeout 10s --json

Exit codes: 0 if every level passes or warns (with --strict only if all pass), 1 if one fails or does not answer, 64 for a \
mistake in the command.";

pub(super) const WAIT: &str = "\
Asks a service until it is ready, for CI and init containers. Its progress stands in one line of the standard error.

It gives up at once if trying again changes nothing: refused credentials, a certificate that is not valid.";

pub(super) const WAIT_EXAMPLES: &str = "\
Examples:
  healthctl wait http://127.0.0.1:8080 && npm test
  healthctl wait http://db-proxy:9000/healthz --for answering --timeout 5m
  healthctl wait unix:/run/orders.sock --for healthy --strict --quiet

Exit codes: 0 as soon as the state is reached, 1 if the time is over, 64 for a mistake in the command.";

pub(super) const EXPLAIN: &str = "\
Names the checks at fault: those that fail by themselves, and not because another one does. For a check of another service \
it names the services that lead to it: billing/ledger/db.

With each one it shows since when it fails, its message, the checks that it blocks, its owner and runbook, and its latest \
changes, as far as the service shows them to this caller. Messages are details: credentials with a right to them show more.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  healthctl explain http://127.0.0.1:8080
  healthctl explain https://orders.example.com/health --basic ada --secret-file ~/.config/health-password
  healthctl explain http://127.0.0.1:8080 --json | jq -r '.root_causes[].path'

Exit codes: those of `healthctl check`.";

pub(super) const MAP: &str = "\
Draws the services that this one asks (its checks of level 3) as a tree, with their statuses, and behind them the services and \
checks at fault.

A report names the services that its own service asks, and behind these what is at fault. Further URLs draw the rest: their \
reports are joined by the names of the services. No address that stands in a report is asked. Names and versions of other \
services are details.";

pub(super) const MAP_EXAMPLES: &str = "\
Examples:
  healthctl map http://127.0.0.1:8080
  healthctl map http://orders:8080 http://billing:8080 http://ledger:8080
  healthctl map http://127.0.0.1:8080 --dot | dot -Tsvg > services.svg

Exit codes: those of `healthctl check`; 1 if one of several services fails or does not answer.";

pub(super) const WATCH: &str = "\
Follows services in a table that replaces itself, with every check that does not pass and the latest changes. Ctrl-C ends it.

It asks each service for its report, and between two reports reads its stream of events, if it has one. Where no terminal \
reads the output, it prints a line for each change.";

pub(super) const WATCH_EXAMPLES: &str = "\
Examples:
  healthctl watch http://127.0.0.1:8080 http://127.0.0.1:8081/actuator/health
  healthctl watch http://10.0.0.{1,2,3}:8080 --interval 5s
  healthctl watch http://127.0.0.1:8080 --json | jq -c 'select(.to == \"fail\")'

Exit codes: at its end 0 if every service passes or warns, else 1; 64 for a mistake in the command.";

pub(super) const OPERATE: &str = "\
The service allows it to callers to whom a policy grants operations (`may_operate`), and records who it was.

Example:
  healthctl unmute http://127.0.0.1:8080 db --basic ada --secret-file password

Exit codes: 0 if it is done (`run`: if the check passes or warns), 1 if it is refused, 64 for a mistake in the command.";

pub(super) const MUTE_EXAMPLES: &str = "\
The service allows it to callers to whom a policy grants operations (`may_operate`), and records who it was.

Example:
  healthctl mute http://127.0.0.1:8080 db 2h \"migration until noon\" --basic ada --secret-file password

Exit codes: 0 if the check is muted, 1 if that is refused, 64 for a mistake in the command.";

pub(super) const DRILL: &str = "\
Lets a check behave as if it failed, for a time, and then by itself as before. Every report says that it is a drill, and by \
whom. Nobody knows whether alerts, load balancers and runbooks work until the night they are needed.

Other services and orchestrators believe it: a drill of a readiness check takes the instance out of the load balancer.";

pub(super) const DRILL_EXAMPLES: &str = "\
Examples:
  healthctl drill http://127.0.0.1:8080 db fail 5m \"does the pager ring?\" --signed ada --secret-file key
  healthctl drill http://127.0.0.1:8080 db slow 5m --delay 3s --bearer --secret-file token
  healthctl undrill http://127.0.0.1:8080 db --bearer --secret-file token

Exit codes: 0 if the drill has begun, 1 if it is refused, 64 for a mistake in the command.";

pub(super) const COMPLETIONS: &str = "\
Examples:
  healthctl completions bash > ~/.local/share/bash-completion/completions/healthctl
  healthctl completions zsh > \"${fpath[1]}/_healthctl\"
  healthctl completions fish > ~/.config/fish/completions/healthctl.fish";

pub(super) const MAN: &str = "\
Examples:
  healthctl man | man -l -
  healthctl man > /usr/local/share/man/man1/healthctl.1
  healthctl man check > /usr/local/share/man/man1/healthctl-check.1";

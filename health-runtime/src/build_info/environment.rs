//! The environment in the host name of a request.

const PRODUCTION: &str = "production";

/// Labels of a host name that name an environment.
const ENVIRONMENT_LABELS: [&str; 24] = [
    "acceptance",
    "alpha",
    "beta",
    "canary",
    "demo",
    "dev",
    "development",
    "integration",
    "nightly",
    "pre-prod",
    "pre-production",
    "preprod",
    "preproduction",
    "preview",
    "prod",
    PRODUCTION,
    "qa",
    "sandbox",
    "sit",
    "stage",
    "staging",
    "test",
    "testing",
    "uat",
];

/// Top-level names of private networks, which show no environment (RFC 6761, 6762, 8375, 9476, and custom).
const PRIVATE_DOMAINS: [&str; 15] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// Returns the environment that a `Host` header names; `None` if it could be any. Only public names count: through a
/// port-forward, production is `localhost`.
///
/// The result is always a word of this file, so that clients cannot inject text.
pub(super) fn from_host(host: &str) -> Option<&'static str> {
    let host = host.trim();
    let name = without_port(host);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    if name.len() > 253 || !labels.iter().all(|label| is_label(label)) {
        return None;
    }
    from_labels(&labels)
}

fn from_labels(labels: &[&str]) -> Option<&'static str> {
    let (first, last) = (labels.first()?, labels.last()?);
    // Every form of an IP address ends in a number.
    let is_public = labels.len() > 1 && last.starts_with(|first: char| first.is_ascii_alphabetic());
    if !is_public || PRIVATE_DOMAINS.contains(last) {
        return None;
    }
    // `staging.abc.api` and `api.staging.abc.com`; but the `demo` of `www.demo.com` is a registered name.
    let own = &labels[..labels.len() - registered_labels(labels)];
    if let Some(word) = word(first).or_else(|| own.iter().find_map(|label| word(label))) {
        return Some(if word == "prod" { PRODUCTION } else { word });
    }
    // `api-staging.abc.com` and `qa2.abc.com` may be an environment, so they are not reported as production.
    let is_ambiguous = own.iter().any(|label| label.split('-').any(|part| word(without_number(part)).is_some()));
    (!is_ambiguous).then_some(PRODUCTION)
}

/// Strips the port: of `name`, `name:80`, `[::1]`, `[::1]:80`, and of `::1`, which clients should not send.
fn without_port(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed)
}

/// Returns the number of labels of the registered domain: two in `abc.com`, three in `abc.co.uk`.
fn registered_labels(labels: &[&str]) -> usize {
    let registered = match labels {
        [.., second, last] if last.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    registered.min(labels.len())
}

fn word(label: &str) -> Option<&'static str> {
    ENVIRONMENT_LABELS.into_iter().find(|word| *word == label)
}

fn without_number(part: &str) -> &str {
    part.trim_end_matches(|character: char| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &[&str], environment: Option<&str>) {
        for host in hosts {
            assert_eq!(from_host(host), environment, "{host:?}");
        }
    }

    #[test]
    fn loopback_has_no_environment() {
        check(
            &[
                "localhost",
                "LOCALHOST:8080",
                "localhost.",
                "api.localhost:3000",
                "127.0.0.1",
                "127.0.0.1:8080",
                "127.9.9.9",
                "[::1]",
                "[::1]:8080",
                "::1",
                "[::ffff:127.0.0.1]:80",
            ],
            None,
        );
    }

    #[test]
    fn label_names_environment() {
        check(&["staging.abc.api", "Staging.ABC.api:8443", "staging.abc.api."], Some("staging"));
        check(&["api.staging.abc.com", "staging.ab.io"], Some("staging"));
        check(&["qa.abc.api"], Some("qa"));
        check(&["dev.abc.co.uk"], Some("dev"));
        check(&["prod.abc.api", "production.abc.io"], Some("production"));
        check(&["development.abc.api"], Some("development"));
    }

    #[test]
    fn other_public_name_is_production() {
        check(
            &["abc.api", "abc.api:443", "api.abc.dev", "www.demo.com", "www.demo.co.uk", "latest.abc.com"],
            Some(PRODUCTION),
        );
    }

    #[test]
    fn ambiguous_name_has_no_environment() {
        check(&["staging", "staging.internal", "prod.local", "test.localhost", "qa.private"], None);
        check(&["127.1", "127.1:8080", "0x7f.1", "127.0x1", "2130706433", "1.2.3.4.5"], None);
        check(&["10.1.2.3", "10.1.2.3:80", "0.0.0.0", "[2001:db8::1]:80", "[fe80::1%25eth0]"], None);
        check(&["api-staging.abc.com", "dev2.abc.com", "qa1.internal"], None);
        check(&["api", "api:8080", "printer.local", "api.default.svc.cluster.local", "abc.internal"], None);
    }

    #[test]
    fn invalid_name_has_no_environment() {
        let long_label = "a".repeat(64) + ".com";
        let long_name = "a.".repeat(127) + "com";
        check(&["", ":80", ".", "..", "a..b", "<script>.com", "a b.com", "абв.com", "user@abc.api"], None);
        check(&[&long_label, &long_name, "[", "[::1", "]", "[]:80", "a.com/path", "a.com?x"], None);
    }
}

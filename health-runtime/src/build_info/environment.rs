//! Which environment a request came to, from the name that it was sent to.

const PRODUCTION: &str = "production";

/// The words that a label of a host name may be, and that are then the environment.
const WORDS: [&str; 24] = [
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

/// Names that say where a host is, and nothing about what it is for (RFC 6761, 6762, 8375, 9476, and custom).
const NOT_PUBLIC: [&str; 15] = [
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

/// The environment that the value of a `Host` header speaks of, or `None` where it could be any. Only a public name says
/// something: through a port-forward, production is `localhost`.
///
/// The answer is always a word of this file, so that nothing a client sends can come back to anybody.
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
    // An address ends in a number, however it is written.
    let is_public = labels.len() > 1 && last.starts_with(|first: char| first.is_ascii_alphabetic());
    if !is_public || NOT_PUBLIC.contains(last) {
        return None;
    }
    // `staging.abc.api`, and also `api.staging.abc.com`; but `www.demo.com` is a name that somebody bought.
    let own = &labels[..labels.len() - bought_labels(labels)];
    if let Some(word) = word(first).or_else(|| own.iter().find_map(|label| word(label))) {
        return Some(if word == "prod" { PRODUCTION } else { word });
    }
    // `api-staging.abc.com` or `qa2.abc.com` may be what it looks like, and is not the production system for certain.
    let unsure = own.iter().any(|label| label.split('-').any(|part| word(without_number(part)).is_some()));
    (!unsure).then_some(PRODUCTION)
}

/// `name`, `name:80`, `[::1]`, `[::1]:80`, and the `::1` that no client should send.
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

/// How many labels at the end make the domain that was bought: `abc.com`, `abc.co.uk`.
fn bought_labels(labels: &[&str]) -> usize {
    let bought = match labels {
        [.., second, last] if last.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    bought.min(labels.len())
}

fn word(label: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| *word == label)
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
    fn loopback_says_nothing() {
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
    fn a_word_is_the_environment() {
        check(&["staging.abc.api", "Staging.ABC.api:8443", "staging.abc.api."], Some("staging"));
        check(&["api.staging.abc.com", "staging.ab.io"], Some("staging"));
        check(&["qa.abc.api"], Some("qa"));
        check(&["dev.abc.co.uk"], Some("dev"));
        check(&["prod.abc.api", "production.abc.io"], Some("production"));
        check(&["development.abc.api"], Some("development"));
    }

    #[test]
    fn any_other_name_is_production() {
        check(
            &["abc.api", "abc.api:443", "api.abc.dev", "www.demo.com", "www.demo.co.uk", "latest.abc.com"],
            Some(PRODUCTION),
        );
    }

    #[test]
    fn says_nothing_where_it_could_be_any() {
        check(&["staging", "staging.internal", "prod.local", "test.localhost", "qa.private"], None);
        check(&["127.1", "127.1:8080", "0x7f.1", "127.0x1", "2130706433", "1.2.3.4.5"], None);
        check(&["10.1.2.3", "10.1.2.3:80", "0.0.0.0", "[2001:db8::1]:80", "[fe80::1%25eth0]"], None);
        check(&["api-staging.abc.com", "dev2.abc.com", "qa1.internal"], None);
        check(&["api", "api:8080", "printer.local", "api.default.svc.cluster.local", "abc.internal"], None);
    }

    #[test]
    fn says_nothing_about_what_is_no_name() {
        let long_label = "a".repeat(64) + ".com";
        let long_name = "a.".repeat(127) + "com";
        check(&["", ":80", ".", "..", "a..b", "<script>.com", "a b.com", "абв.com", "user@abc.api"], None);
        check(&[&long_label, &long_name, "[", "[::1", "]", "[]:80", "a.com/path", "a.com?x"], None);
    }
}

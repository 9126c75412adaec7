use std::fmt;

/// Maximum number of root causes that a check or a report names.
pub(crate) const MAX_ROOT_CAUSES: usize = 16;

/// A check at fault, behind the services that lead to it.
///
/// Its text is a path such as `billing/ledger/db`: this service asks `billing`, and that asks `ledger`, whose check `db` fails. A
/// name alone is a check of this service. In place of a check stands the cause for which a service fails as a whole, such as
/// `draining`. A `/` in a name is `%2F`, and a `%` is `%25`. A mark such as `~0c5a91d2e37b4f68` stands for a name that is a detail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RootCause(String);

impl RootCause {
    /// Returns the root cause that a check of this service is by itself.
    pub(crate) fn new(check: &str) -> Self {
        Self(encoded(check))
    }

    /// Returns a root cause that another service has named.
    pub(crate) const fn from_path(path: String) -> Self {
        Self(path)
    }

    /// Returns the path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the names of the services on the path, encoded.
    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        let services = self.0.rsplit_once('/').map(|(services, _check)| services.split('/'));
        services.into_iter().flatten()
    }

    /// Returns the check at fault with its service, without the way there.
    pub(crate) fn origin(&self) -> &str {
        let way = self.0.rsplit_once('/').and_then(|(services, _check)| services.rfind('/'));
        way.map_or(&self.0, |end| &self.0[end + 1..])
    }

    /// Returns the number of services on the path.
    pub(crate) fn distance(&self) -> usize {
        self.services().count()
    }

    /// Returns this root cause for callers who may know its check of this service alone. Marks stand for the other names: a
    /// service finds itself among them, so that no failure goes round, and nobody else reads them.
    pub(crate) fn hidden_behind(&self, check: &str) -> Self {
        let marks: Vec<_> = self.0.split('/').map(mark).collect();
        Self(format!("{}/{}", encoded(check), marks.join("/")))
    }

    /// Returns the nearest root causes, sorted, and for each check at fault the shortest path, with the shortest one through another
    /// neighbor, because the first may lead back to the service that asks. No entry stands for the others: it would be a new root
    /// cause, which goes round in a circle for ever.
    pub(crate) fn bounded(mut causes: Vec<Self>) -> Vec<Self> {
        causes.sort_by(|one, other| (one.distance(), &one.0).cmp(&(other.distance(), &other.0)));
        let mut nearest: Vec<Self> = Vec::new();
        for cause in causes {
            if nearest.len() == MAX_ROOT_CAUSES {
                break;
            }
            let mut known = nearest.iter().filter(|nearer| nearer.origin() == cause.origin());
            let is_other_way = |nearer: &Self| nearer.services().next() != cause.services().next();
            if known.next().is_none_or(is_other_way) && known.next().is_none() {
                nearest.push(cause);
            }
        }
        nearest
    }
}

#[cfg(feature = "probe-http")]
impl RootCause {
    /// Returns the same for those who ask the service that has named it.
    pub(crate) fn through(&self, service: &str) -> Self {
        Self(format!("{}/{}", encoded(service), self.0))
    }

    /// Returns whether its path goes round: it names a service more than twice. Twice is another instance, or a stranger
    /// with the same name.
    pub(crate) fn goes_round(&self) -> bool {
        let count = |service: &str| self.services().filter(|passed| *passed == service).count();
        self.services().any(|service| count(service) > 2)
    }

    /// Returns whether its path leads back to a service that has asked the first one.
    ///
    /// Not if the first one has the same name: then both are instances of one service, or two services share a name, and the
    /// root cause may be news.
    pub(crate) fn returns_to(&self, service: &str) -> bool {
        let service = encoded(service);
        let mark = mark(&service);
        self.services().next() != Some(&*service) && self.services().any(|passed| passed == service || passed == mark)
    }
}

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root causes of a check of another service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteRootCauses {
    causes: Vec<RootCause>,
    /// Whether they were learned with credentials, and so are details.
    pub(crate) are_details: bool,
}

impl RemoteRootCauses {
    /// Returns the nearest of these causes; `None` without any, as in most results, which so hold a pointer alone.
    pub(crate) fn new(causes: Vec<RootCause>, are_details: bool) -> Option<Box<Self>> {
        let causes = RootCause::bounded(causes);
        (!causes.is_empty()).then(|| Box::new(Self { causes, are_details }))
    }

    pub(crate) fn causes(&self) -> &[RootCause] {
        &self.causes
    }
}

/// Returns the mark that stands for a name: its hash (FNV-1a), because every version of every service has to know it. A mark
/// stays as it is.
fn mark(name: &str) -> String {
    if name.starts_with('~') {
        return name.to_owned();
    }
    let add = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("~{:016x}", name.bytes().fold(0xcbf2_9ce4_8422_2325, add))
}

fn encoded(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

#[cfg(all(test, feature = "probe-http"))]
mod tests {
    use super::*;

    fn path(text: &str) -> RootCause {
        RootCause::from_path(text.to_owned())
    }

    #[test]
    fn path_leads_back_only_through_another_service() {
        for (text, returns) in [
            ("billing/db", false),
            ("billing/orders", false),
            ("billing/orders/db", true),
            ("billing/ledger/orders/db", true),
            ("orders/db", false),
            ("orders/orders/db", false),
            ("billing/my%2Forders/db", false),
        ] {
            assert_eq!(path(text).returns_to("orders"), returns, "{text}");
        }
        assert!(path("billing/my%2Forders/db").returns_to("my/orders"));
    }

    #[test]
    fn path_goes_round_if_it_names_a_service_three_times() {
        for (text, goes_round) in [
            ("a/b/c/d/e/f/g/h/i/j/k/db", false),
            ("orders/orders/db", false),
            ("a/b/a/b/a", false),
            ("a/b/a/b/a/db", true),
            ("orders/orders/orders/db", true),
        ] {
            assert_eq!(path(text).goes_round(), goes_round, "{text}");
        }
    }

    #[test]
    fn hidden_path_still_leads_back() {
        let hidden = path("orders/db").hidden_behind("upstream");
        assert_eq!(hidden.as_str(), "upstream/~00125d9250be8b4c/~08914e07b53ba1e3");
        let named = hidden.through("billing");
        assert!(named.returns_to("orders") && !named.returns_to("ledger"), "{named}");
        let twice = named.hidden_behind("far").through("edge");
        assert!(["orders", "billing"].iter().all(|service| twice.returns_to(service)), "{twice}");
    }

    #[test]
    fn names_are_parts_of_a_path() {
        let cause = RootCause::new("50%");
        assert_eq!((cause.as_str(), cause.services().count()), ("50%25", 0));
        let cause = cause.through("led/ger").through("billing");
        assert_eq!(cause.to_string(), "billing/led%2Fger/50%25");
        assert_eq!(cause.services().collect::<Vec<_>>(), ["billing", "led%2Fger"]);
    }

    #[test]
    fn nearest_root_causes_come_first() {
        let causes = ["b/x", "z", "y", "z"].map(path).to_vec();
        assert_eq!(RootCause::bounded(causes), ["y", "z", "b/x"].map(path));
        let ways = ["b/a/db", "c/db", "a/db", "c/b/a/db", "db", "d/c/db"].map(path).to_vec();
        assert_eq!(RootCause::bounded(ways), ["db", "a/db", "c/db", "b/a/db", "d/c/db"].map(path));
        let many: Vec<_> = (0..99).map(|index| RootCause::new(&format!("{index:02}"))).collect();
        assert_eq!(RootCause::bounded(many.clone()), many[..MAX_ROOT_CAUSES]);
    }
}

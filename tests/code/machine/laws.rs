//! What holds after every step, whatever failed.

use std::collections::BTreeSet;

use credential_code::model::Credential;

use super::sites::{Heard, MISSES, bare};
use super::way::Way;

/// Asserts that the repository has what was told, and at most one credential of each enrolment.
pub(super) fn of_the_repository(stored: &[Credential], heard: &Heard) {
    let names: BTreeSet<_> = stored.iter().map(|credential| bare(credential.uuid.as_str())).collect();
    assert_eq!(names.len(), stored.len(), "an enrolment has two credentials");
    for credential in stored {
        let name = bare(credential.uuid.as_str());
        let told = heard.told.get(&name).is_some_and(|ids| ids.contains(credential.id.as_str()));
        assert!(told, "nobody was told of {name}");
    }
    for (name, ids) in &heard.told {
        assert_eq!(ids.len(), 1, "two credentials of {name} were told");
    }
    let is_there = |name: &&String| !heard.undone.contains(*name);
    let lost: Vec<_> =
        heard.registered.iter().filter(is_there).filter(|name| !names.contains(*name)).collect();
    assert!(lost.is_empty(), "what was told isn't there: {lost:?}");
    let back: Vec<_> = names.intersection(&heard.ended).collect();
    assert!(back.is_empty(), "what was said to have ended is there: {back:?}");
}

/// Asserts that what was answered as ended has no credential.
pub(super) fn of_ends(stored: &[Credential], ways: &[Way]) {
    for way in ways.iter().filter(|way| way.is_ended) {
        let is_of_it = |credential: &Credential| bare(credential.uuid.as_str()) == bare(&way.id);
        assert!(!stored.iter().any(is_of_it), "{} ended, and has a credential", way.id);
    }
}

/// The misses that a site may still answer, in parts of one: the budget's parts come back with each
/// millisecond.
pub(super) struct Misses {
    left: u64,
    since: u64,
}

const ONE_MISS: u64 = 60_000;

impl Misses {
    pub(super) fn new(now: u64) -> Self {
        Self { left: ONE_MISS * u64::from(MISSES), since: now }
    }

    /// Counts a miss that was answered by another refusal than "too many".
    pub(super) fn count(&mut self, now: u64) {
        let back = (now - self.since) * u64::from(MISSES);
        self.left = (self.left + back).min(ONE_MISS * u64::from(MISSES));
        self.since = now;
        assert!(self.left >= ONE_MISS, "a miss is answered that nobody paid");
        self.left -= ONE_MISS;
    }
}

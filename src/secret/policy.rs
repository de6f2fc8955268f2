use std::collections::HashSet;
use std::fmt;

use zeroize::Zeroizing;

use crate::model::Password;

/// The parameters that OWASP's Password Storage Cheat Sheet treats as equally strong, with one lane
/// each: memory in KiB, and passes over it.
const WEAKEST: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// A gibibyte, and many times the work that makes a hash take a second. A host that exceeds it used
/// the wrong unit.
const STRONGEST: (u32, u32) = (1 << 20, 64);

/// Says which passwords are refused, and how the others are hashed, for
/// [`CodePolicy::passwords`](crate::CodePolicy::passwords).
///
/// ```
/// use credential_code::secret::PasswordPolicy;
///
/// let policy = PasswordPolicy::new(["password", "12345678"]);
/// let policy = policy.argon2id(47_104, 1).hashes_at_once(2);
/// # drop(policy);
/// ```
#[derive(Clone)]
#[must_use]
pub struct PasswordPolicy {
    denied: HashSet<Box<str>>,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) at_once: usize,
    pub(super) most_waiting: usize,
}

impl PasswordPolicy {
    /// Creates a policy that refuses these passwords, whatever their case. It hashes others with
    /// Argon2id in 19 MiB and two passes, four at once, with 64 waiting.
    ///
    /// The list is compared with whole passwords. Full-width letters differ from others, and so do
    /// accents that are characters of their own. NIST SP 800-63B says which to list: commonly used,
    /// expected (such as the names of the service) and compromised ones.
    pub fn new<P: AsRef<str>>(denied: impl IntoIterator<Item = P>) -> Self {
        Self {
            denied: denied.into_iter().map(|password| fold_case(password.as_ref()).as_str().into()).collect(),
            memory_kib: 19_456,
            passes: 2,
            at_once: 4,
            most_waiting: 64,
        }
    }

    /// Sets how much memory each hash uses, and how many passes over it, in one lane. It must be as
    /// strong as one pair of OWASP's. They are 46 MiB and one pass, 19 and 2, 12 and 3, 9 and 4, 7
    /// and 5. The limit is 1 GiB and 64 passes.
    pub fn argon2id(mut self, memory_kib: u32, passes: u32) -> Self {
        (self.memory_kib, self.passes) = (memory_kib, passes);
        self
    }

    /// Sets how many passwords are hashed at the same time, each in memory and on a thread of its
    /// own. Default: 4.
    pub fn hashes_at_once(mut self, count: usize) -> Self {
        self.at_once = count;
        self
    }

    /// Sets how many more may wait for their turn. Beyond that, the answer is 503 and the challenge
    /// is put back, at most five times like any other. Default: 64.
    pub fn most_waiting(mut self, count: usize) -> Self {
        self.most_waiting = count;
        self
    }

    /// Returns the rule that a setting breaks, if one does.
    pub(super) fn broken_rule(&self) -> Option<&'static str> {
        let (memory_kib, passes) = (self.memory_kib, self.passes);
        if !WEAKEST.iter().any(|weakest| memory_kib >= weakest.0 && passes >= weakest.1) {
            return Some("Argon2id needs more memory or more passes to withstand guessing");
        }
        if memory_kib > STRONGEST.0 || passes > STRONGEST.1 {
            return Some("Argon2id takes at most 1 GiB and 64 passes");
        }
        if !(1..=1024).contains(&self.at_once) || self.most_waiting > 1 << 20 {
            return Some("1 to 1024 passwords are hashed at once, and at most a million wait");
        }
        None
    }

    pub(super) fn denies(&self, password: &Password) -> bool {
        self.denied.contains(fold_case(password.reveal()).as_str())
    }
}

/// Returns one spelling for all cases. It goes by way of upper case, where `ß` meets `SS` and the
/// two sigmas meet. It goes character by character, whatever stands beside one. The result is at
/// most three times as long, so the text never has to grow and leaves no copy behind.
fn fold_case(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(3 * text.len()));
    folded.extend(text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    folded
}

impl fmt::Debug for PasswordPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPolicy")
            .field("denied", &format_args!("{} passwords", self.denied.len()))
            .field("memory_kib", &self.memory_kib)
            .field("passes", &self.passes)
            .field("at_once", &self.at_once)
            .field("most_waiting", &self.most_waiting)
            .finish()
    }
}

#[cfg(test)]
#[path = "../../tests/unit/password_policy.rs"]
mod tests;

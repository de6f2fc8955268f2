//! Secrets are compared in constant time, so how long a comparison takes tells nothing of them.

use std::fs;
use std::path::Path;

/// The function or block that compares a secret, by its file and the beginning of its first line.
const COMPARISONS: [(&str, &str); 5] = [
    ("store/token.rs", "pub(crate) fn read<"),
    ("model/approval.rs", "impl PartialEq for CheckCode {"),
    ("model/shared_secret.rs", "impl PartialEq for TotpSecret {"),
    ("signed/client_data.rs", "pub(crate) fn challenge_is("),
    ("signed/authenticator_data.rs", "pub(crate) fn is_for("),
];

/// The secrets that derive `PartialEq`, for tests and records. The crate compares none of them with
/// what somebody sent, except the challenge, by `challenge_is`.
const DERIVED: [&str; 3] = ["Challenge", "EncryptedPrivateKey", "PasswordHash"];

fn source(file: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the lines from one that begins so to the brace that closes it.
fn body<'a>(source: &'a str, begin: &str) -> Option<&'a str> {
    let at = source.find(begin)?;
    let indent = at - source[..at].rfind('\n').map_or(0, |end| end + 1);
    let close = format!("\n{}}}\n", " ".repeat(indent));
    let length = source[at..].find(&close)?;
    Some(&source[at..at + length])
}

#[test]
fn secrets_are_compared_in_constant_time() {
    for (file, begin) in COMPARISONS {
        let source = source(file);
        assert_eq!(source.matches(begin).count(), 1, "{file}: {begin}");
        let body = body(&source, begin).unwrap_or_else(|| panic!("{file}: {begin} does not end"));
        assert!(body.contains(".ct_eq("), "{file}: {body}");
        assert!(!body.contains(" == ") && !body.contains(" != "), "{file}: {body}");
    }
}

/// A derived comparison ends at the first byte that differs.
#[test]
fn no_secret_that_somebody_may_guess_derives_its_comparison() {
    let mut derived = Vec::new();
    let mut secrets = 0;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for name in source.split("\nhidden!(").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let (before, _) = source.split_once(&format!("pub struct {name}(")).expect("it is there");
            // The attributes stand between the last blank line or comment and the name.
            let attributes = before.lines().rev().take_while(|line| line.starts_with("#["));
            if attributes.into_iter().any(|line| line.contains("PartialEq")) {
                derived.push(name.to_owned());
            }
            secrets += 1;
        }
    }
    derived.sort();
    assert_eq!(derived, DERIVED);
    assert!(secrets > 10, "{secrets} secrets");
}

//! The instant at which a code expires, as text: no panic, and one before 1970 is refused.

use credential_code::code::Expiration;

pub fn run(text: &str) {
    let read = Expiration::from_rfc3339(text);
    if text.starts_with("19") && text.get(2..4).is_some_and(|year| year < "69") {
        assert!(read.is_err(), "{text} is before 1970");
    }
    if let Ok(number) = text.parse() {
        let _ = Expiration::from_unix(number);
    }
}

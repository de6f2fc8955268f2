//! RFC 3339, both ways.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A date and time with an offset; any fraction, any offset. `None` if it is anything else.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    // The `time` crate takes any character for the separator.
    let has_separator = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    has_separator.then(|| OffsetDateTime::parse(text, &Rfc3339).ok()).flatten().map(SystemTime::from)
}

/// Milliseconds and `Z`, as JavaScript writes it.
pub(crate) fn format(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(time).format(&format).unwrap_or_default()
}

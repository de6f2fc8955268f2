//! RFC 3339, both ways.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// After 1970, the last millisecond that has a form in RFC 3339.
const LAST_OF_9999: Duration = Duration::from_millis(253_402_300_799_999);

/// A date and time with an offset; any fraction, any offset. `None` if it is anything else, or before
/// 1970: not every system has a time for that, and nothing here is that old.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    // The `time` crate takes any character for the separator.
    let has_separator = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let time = has_separator.then(|| OffsetDateTime::parse(text, &Rfc3339).ok()).flatten()?;
    UNIX_EPOCH.checked_add(Duration::try_from(time - OffsetDateTime::UNIX_EPOCH).ok()?)
}

/// Milliseconds and `Z`, as JavaScript writes it. A time after the year 9999 becomes its end, and a
/// time before 1970 its beginning.
pub(crate) fn format(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST_OF_9999);
    (OffsetDateTime::UNIX_EPOCH + since).format(&format).unwrap_or_default()
}

#[cfg(test)]
#[path = "../../tests/unit/rfc3339.rs"]
mod tests;

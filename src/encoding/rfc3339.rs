//! RFC 3339, read and written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// The time since 1970 of the last millisecond that RFC 3339 can write.
const LAST_OF_9999: Duration = Duration::from_millis(253_402_300_799_999);

/// Reads a date and time with any fraction and any offset. Returns `None` for anything else, or for
/// a time before 1970. Not every system can represent such a time, and nothing here is that old.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    // The `time` crate accepts any character as the separator.
    let has_separator = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let time = has_separator.then(|| OffsetDateTime::parse(text, &Rfc3339).ok()).flatten()?;
    UNIX_EPOCH.checked_add(Duration::try_from(time - OffsetDateTime::UNIX_EPOCH).ok()?)
}

/// Writes milliseconds and `Z`, as JavaScript does. A time after the year 9999 becomes its end, and
/// a time before 1970 its beginning.
pub(crate) fn format(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST_OF_9999);
    (OffsetDateTime::UNIX_EPOCH + since).format(&format).unwrap_or_default()
}

#[cfg(test)]
#[path = "../../tests/unit/rfc3339.rs"]
mod tests;

//! RFC 3339, both ways.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// After 1970, the last millisecond that has a form in RFC 3339.
const LAST_OF_9999: Duration = Duration::from_millis(253_402_300_799_999);

/// A date and time with an offset; any fraction, any offset. `None` if it is anything else.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    // The `time` crate takes any character for the separator.
    let has_separator = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    has_separator.then(|| OffsetDateTime::parse(text, &Rfc3339).ok()).flatten().map(SystemTime::from)
}

/// Milliseconds and `Z`, as JavaScript writes it. What is later than the year 9999 becomes its end, and what is earlier than 1970 its beginning.
pub(crate) fn format(time: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST_OF_9999);
    (OffsetDateTime::UNIX_EPOCH + since).format(&format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{format, parse};

    #[test]
    fn every_offset_and_fraction_is_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:30Z", 30_000),
            ("1970-01-01t00:00:30.5z", 30_500),
            ("1970-01-01T05:45:30+05:45", 30_000),
            ("1969-12-31T16:00:30-08:00", 30_000),
        ] {
            assert_eq!(parse(text), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "2100-01-01",
            "2100-01-01 00:00:30Z",
            "2100-01-01_00:00:30Z",
            "2100-01-01T00:00:30",
            "2100-01-01T00:00Z",
            "2100-00-01T00:00:00Z",
            "2100-01-00T00:00:00Z",
            "2100-02-30T00:00:00Z",
            "2100-01-01T24:00:00Z",
            "2100-01-01T00:00:30+24:00",
            "2100-01-01T00:00:30Z ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_time_has_a_form() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (253_402_300_800_000_000, "9999-12-31T23:59:59.999Z"),
            (u64::MAX / 2, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(format(SystemTime::UNIX_EPOCH + Duration::from_micros(micros)), text, "{micros}");
        }
        assert_eq!(format(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
    }
}

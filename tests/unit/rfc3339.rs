//! Dates and times in their many forms.

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
        // Before 1970, where not every system has times.
        "1969-12-31T23:59:59.999Z",
        "1600-01-01T00:00:00Z",
        "0000-01-01T00:00:00+23:59",
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

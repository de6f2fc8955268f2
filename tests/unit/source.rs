//! Which addresses are one source.

use super::source_of;

#[test]
fn a_neighbour_in_the_same_64_is_the_same_source() {
    for (address, source) in [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
    ] {
        assert_eq!(source_of(address.parse().unwrap()), source, "{address}");
    }
}

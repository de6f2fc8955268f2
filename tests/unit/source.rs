//! Which addresses count as one source.

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

#[test]
fn an_address_of_ipv4_within_one_of_ipv6_is_the_same_source() {
    for (address, source) in [
        ("64:ff9b::203.0.113.7", "203.0.113.7"),
        ("64:ff9b::203.0.113.8", "203.0.113.8"),
        ("2002:cb00:7107::", "203.0.113.7"),
        ("2002:cb00:7107:ffff::1", "203.0.113.7"),
        // This is not the well-known prefix, so nobody knows the address within.
        ("64:ff9b:1::203.0.113.7", "64:ff9b:1::/64"),
        ("2001:cb00:7107::", "2001:cb00:7107::/64"),
    ] {
        assert_eq!(source_of(address.parse().unwrap()), source, "{address}");
    }
}

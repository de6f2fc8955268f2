use std::net::{IpAddr, Ipv6Addr};

/// Returns the source that an address stands for, for
/// [`SiteBuilder::source`](crate::site::SiteBuilder::source): an IPv4 address is one, and of IPv6 a
/// /64 is, since the owner of one such address has all of them.
///
/// ```
/// use credential_code::site::source_of;
///
/// assert_eq!(source_of([192, 0, 2, 1].into()), "192.0.2.1");
/// assert_eq!(source_of("2001:db8::1:2:3:4".parse()?), "2001:db8::/64");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn source_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/source.rs"]
mod tests;

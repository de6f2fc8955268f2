use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns the source to which an address belongs, for
/// [`SiteBuilder::source`](crate::site::SiteBuilder::source). An IPv4 address is one source. A /64
/// of IPv6 is one source, since the owner of one such address has all of them.
///
/// An IPv4 address counts by itself within one of `::ffff:0:0/96`, of NAT64 (`64:ff9b::/96`) and of
/// 6to4 (`2002::/16`). Otherwise all of IPv4 would be one /64 behind NAT64. By 6to4, one address
/// would have 65 536 of them. A NAT64 with another prefix counts by the /64. For that, take the
/// IPv4 address out before.
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
        IpAddr::V6(address) => match address.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => within(high, low).to_string(),
            [a, b, c, d, ..] => format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        },
    }
}

fn within(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
#[path = "../../tests/unit/source.rs"]
mod tests;

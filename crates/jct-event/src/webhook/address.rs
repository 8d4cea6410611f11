//! To which addresses a tower may speak: those of the public internet, unless somebody names another.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address it is, by the registries of special-purpose addresses (RFC 6890 and its successors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// An address of the public internet.
    Public,
    /// `0.0.0.0/8`, `::`: this host.
    Unspecified,
    /// `127.0.0.0/8`, `::1`: this machine.
    Loopback,
    /// `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, `fec0::/10`, `64:ff9b:1::/48`: a private network.
    Private,
    /// `169.254/16`, `fe80::/10`: this link, where the metadata services of clouds are.
    LinkLocal,
    /// `100.64/10`: behind the address translation of a provider.
    SharedSpace,
    /// `224/4`, `ff00::/8`: a group.
    Multicast,
    /// `255.255.255.255`, `240/4`: kept for later, and everybody at once.
    Reserved,
    /// `192.0.2/24`, `198.51.100/24`, `203.0.113/24`, `2001:db8::/32`, `3fff::/20`: for books.
    Documentation,
    /// `198.18/15`, `2001:2::/48`: for measuring equipment.
    Benchmarking,
    /// `192.0.0/24`, `192.88.99/24`, `2001::/23` and what else is set aside for protocols.
    Protocol,
}

impl AddressClass {
    /// What kind of address it is. An IPv6 address that carries an IPv4 address (mapped, compatible, translated, 6to4)
    /// is what that one is, because that is where it leads.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => match carried(address) {
                Some(carried) => of_v4(carried),
                None => of_v6(address),
            },
        }
    }

    /// Whether anybody on the internet could be spoken to there.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public)
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Public => "a public address",
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "an address of a private network",
            Self::LinkLocal => "a link-local address",
            Self::SharedSpace => "an address behind carrier-grade translation",
            Self::Multicast => "a multicast address",
            Self::Reserved => "a reserved address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarking",
            Self::Protocol => "an address set aside for protocols",
        })
    }
}

const fn of_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        [0, ..] => AddressClass::Unspecified,
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressClass::Private,
        [169, 254, ..] => AddressClass::LinkLocal,
        [100, 64..=127, ..] => AddressClass::SharedSpace,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressClass::Documentation,
        [198, 18..=19, ..] => AddressClass::Benchmarking,
        [192, 0, 0, _] | [192, 88, 99, _] => AddressClass::Protocol,
        [224..=239, ..] => AddressClass::Multicast,
        [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

const fn of_v6(address: Ipv6Addr) -> AddressClass {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressClass::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        // The third is NAT64 within a network: where in the address the other one stands is that network's own affair.
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => AddressClass::Private,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Documentation,
        [0x2001, 0x0002, 0, ..] => AddressClass::Benchmarking,
        [0x2001, 0..=0x01ff, ..] => AddressClass::Protocol,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        // Global unicast addresses are given out of 2000::/3 only.
        _ => AddressClass::Reserved,
    }
}

/// The IPv4 address that an IPv6 address leads to, if it is one that does.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // Unspecified and loopback are themselves.
        [0, 0, 0, 0, 0, 0, 0, 0..=1] => None,
        // Mapped, compatible, translated, and the prefix of NAT64.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressClass as C;

    #[track_caller]
    fn check(addresses: &[&str], expect: AddressClass) {
        for address in addresses {
            assert_eq!(AddressClass::of(address.parse().unwrap()), expect, "{address}");
        }
    }

    #[test]
    fn every_range_with_its_edges() {
        check(&["1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255"], C::Public);
        check(
            &["100.63.255.255", "100.128.0.0", "169.253.1.1", "198.17.1.1", "198.20.0.0", "223.255.255.255"],
            C::Public,
        );
        check(&["2606:4700:4700::1111", "2a00::1", "2001:200::", "3ffe::1"], C::Public);
        check(&["0.0.0.0", "0.1.2.3", "::"], C::Unspecified);
        check(&["127.0.0.1", "127.255.255.254", "::1"], C::Loopback);
        check(&["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"], C::Private);
        check(&["fc00::1", "fdff::1", "fec0::1", "64:ff9b:1::101:101"], C::Private);
        check(&["169.254.169.254", "fe80::1", "febf::1"], C::LinkLocal);
        check(&["100.64.0.0", "100.127.255.255"], C::SharedSpace);
        check(&["224.0.0.1", "239.255.255.255", "ff02::1"], C::Multicast);
        check(&["240.0.0.1", "255.255.255.255", "100::1", "4000::1"], C::Reserved);
        check(
            &["192.0.2.1", "198.51.100.9", "203.0.113.255", "2001:db8::1", "3fff::1", "3fff:fff::1"],
            C::Documentation,
        );
        check(&["198.18.0.0", "198.19.255.255", "2001:2::1"], C::Benchmarking);
        check(&["192.0.0.9", "192.88.99.1", "2001::1", "2001:1ff::"], C::Protocol);
    }

    #[test]
    fn an_address_in_disguise_is_what_it_leads_to() {
        check(
            &["::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
            C::Loopback,
        );
        check(&["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"], C::LinkLocal);
        check(&["::ffff:10.0.0.1", "2002:a00:1::5"], C::Private);
        check(&["::ffff:1.1.1.1", "2002:101:101::"], C::Public);
    }
}

//! What defaults take from the machine: its name, and the addresses of its network interfaces.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;
use std::net::IpAddr;

/// A machine, as far as defaults depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What it calls itself; perhaps without a domain.
    pub name: String,
    /// The addresses of its interfaces.
    pub addresses: Addresses,
}

/// Where the addresses of a machine's interfaces come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// The system tells them, each time that they are needed.
    OfThisMachine,
    /// These.
    Known(Vec<LocalAddress>),
}

/// The address of an interface that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The address.
    pub address: IpAddr,
    /// How many bits of it are those of its network.
    pub prefix: u8,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { name, addresses: Addresses::OfThisMachine }
    }

    /// A machine of which nothing is known, for configurations that are looked at somewhere else.
    #[must_use]
    pub fn unknown() -> Self {
        let loopback = [([127, 0, 0, 1].into(), 8), ([0, 0, 0, 0, 0, 0, 0, 1].into(), 128)];
        let addresses = loopback.map(|(address, prefix)| LocalAddress { address, prefix }).to_vec();
        Self { name: "localhost".into(), addresses: Addresses::Known(addresses) }
    }
}

impl Addresses {
    /// The addresses, in the system's order. There are none where the system does not tell.
    #[must_use]
    pub fn list(&self) -> Vec<LocalAddress> {
        match self {
            Self::OfThisMachine => of_this_machine(),
            Self::Known(addresses) => addresses.clone(),
        }
    }
}

fn of_this_machine() -> Vec<LocalAddress> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let up = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
    up.filter_map(|interface| {
        let address = ip(&interface.address?)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match interface.netmask.as_ref().and_then(ip) {
            Some(IpAddr::V4(mask)) => mask.to_bits().leading_ones(),
            Some(IpAddr::V6(mask)) => mask.to_bits().leading_ones(),
            None => whole,
        };
        Some(LocalAddress { address, prefix: u8::try_from(prefix.min(whole)).ok()? })
    })
    .collect()
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_addresses() {
        let host = Host::this();
        assert!(!host.name.is_empty());
        // A machine without any interface that is up cannot say more.
        for LocalAddress { address, prefix } in host.addresses.list() {
            assert!(prefix <= if address.is_ipv4() { 32 } else { 128 }, "{address}/{prefix}");
        }
    }
}

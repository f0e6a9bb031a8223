//! `--dns`: which servers are asked.

use crate::routing::router::records::Resolver;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The port of the DNS (RFC 1035).
const PORT: u16 = 53;

/// Servers of the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// Those that this machine asks.
    System,
    /// This one.
    At(SocketAddr),
}

/// Reads an address, with or without a port; an empty text stands for the machine's own servers.
pub fn parse(text: &str) -> Result<Servers, String> {
    let bare = |text: &str| text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, PORT));
    match text {
        "" => Ok(Servers::System),
        text => bare(text)
            .or_else(|| text.parse().ok())
            .map(Servers::At)
            .ok_or_else(|| "expected an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353".into()),
    }
}

impl Servers {
    /// Who asks them.
    ///
    /// # Errors
    /// Why nobody can.
    #[cfg(feature = "dns")]
    pub fn resolver(&self) -> Result<Arc<dyn Resolver>, String> {
        use crate::dns::resolver::ServerResolver;
        let resolver = match self {
            Self::System => ServerResolver::system(),
            Self::At(address) => ServerResolver::at(*address),
        };
        resolver.map(|resolver| Arc::new(resolver) as Arc<dyn Resolver>).map_err(|error| error.to_string())
    }

    /// Nobody can.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "dns"))]
    pub fn resolver(&self) -> Result<Arc<dyn Resolver>, String> {
        Err("this postwright was built without the feature `dns`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let shown = |text: &str| match parse(text) {
            Ok(Servers::System) => "system".to_string(),
            Ok(Servers::At(address)) => address.to_string(),
            Err(error) => error,
        };
        let error = "expected an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353";
        let cases = [
            ("", "system"),
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("dns.example.com", error),
            ("192.0.2.53:", error),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}

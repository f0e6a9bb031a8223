//! Which domains are this machine's: `mydestination`, and address literals of its own or its proxies' interfaces.
//!
//! Source: postconf(5), mydestination, `inet_interfaces`, `proxy_interfaces`.

use super::Router;
use super::keys::Style;
use crate::mail::host_name::literal_address;
use crate::maps::LookupError;
use crate::syntax::match_list::split_list;
use std::net::IpAddr;

impl Router<'_> {
    /// Whether mail for a domain is this machine's own.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub fn is_local_domain(&mut self, domain: &[u8]) -> Result<bool, LookupError> {
        let domain = match domain {
            [rest @ .., b'.'] if !rest.is_empty() => rest,
            _ => domain,
        };
        if self.is_listed("mydestination", domain, Style::Exact)? {
            return Ok(true);
        }
        literal_address(domain).map_or(Ok(false), |address| self.is_own_address(address))
    }

    /// Whether an address is one of the interfaces'. Which ones a machine has is not known here, but that all have a
    /// loopback interface is.
    pub(in crate::routing) fn is_own_address(&mut self, address: IpAddr) -> Result<bool, LookupError> {
        for parameter in ["inet_interfaces", "proxy_interfaces"] {
            let text = self.text(parameter)?;
            for range in split_list(&text) {
                let word = String::from_utf8_lossy(&text[range]).to_ascii_lowercase();
                let is_match = match word.as_str() {
                    "all" | "loopback-only" | "localhost" => address.is_loopback(),
                    word => word.trim_matches(['[', ']']).parse() == Ok(address),
                };
                if is_match {
                    self.note(format_args!("[{address}] is an address of {parameter}"));
                    return Ok(true);
                }
                if word == "all" {
                    self.note(format_args!("{parameter} = all: which addresses this machine has was not looked at"));
                }
            }
        }
        Ok(false)
    }
}

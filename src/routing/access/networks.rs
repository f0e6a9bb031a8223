//! `permit_mynetworks`: whether a client is in a list of networks, addresses and names.
//!
//! Source: postconf(5), mynetworks, `permit_inet_interfaces`.

use super::decision::{Checked, Decision, Stop, Subject};
use super::session::{Client, ClientName};
use super::walk::Access;
use crate::maps::LookupError;
use crate::maps::networks::network::{Address, Network};
use crate::routing::router::Router;
use crate::routing::router::keys::{Style, domain_and_parents};
use crate::routing::router::lists::matches;
use crate::routing::router::trail::StepKind;
use crate::syntax::match_list::{Element, ElementKind, split_list};
use crate::syntax::table_line::TableForm;

impl Access<'_, '_> {
    pub(super) fn permit_mynetworks(&mut self, subject: &Subject) -> Checked {
        let client = self.session.client.clone();
        match self.router.is_in_networks("mynetworks", &client) {
            Ok(true) => Ok(Decision::Permit),
            Ok(false) => Ok(Decision::Undecided),
            Err(error) => {
                self.router.note(error.to_string());
                Err(Stop::lookup(&subject.name))
            }
        }
    }

    pub(super) fn permit_inet_interfaces(&mut self, subject: &Subject) -> Checked {
        let address = self.session.client.address;
        let text = self.router.text("inet_interfaces").map_err(|_| Stop::lookup(&subject.name))?;
        let is_own = split_list(&text).into_iter().any(|range| {
            let word = String::from_utf8_lossy(&text[range]).to_ascii_lowercase();
            match word.as_str() {
                "all" | "loopback-only" | "localhost" => address.is_loopback(),
                word => word.trim_matches(['[', ']']).parse() == Ok(address),
            }
        });
        if !is_own && &*text == b"all" {
            self.router.note("inet_interfaces = all: which addresses this machine has was not looked at");
        }
        Ok(if is_own { Decision::Permit } else { Decision::Undecided })
    }
}

impl Router<'_> {
    /// Whether a client is in the list of networks that a parameter holds.
    ///
    /// # Errors
    /// A pattern that is no network, a file that cannot be read, a table that gives no answer.
    pub fn is_in_networks(&mut self, parameter: &str, client: &Client) -> Result<bool, LookupError> {
        let list = self.elements(parameter)?;
        let style = self.domain_style(parameter);
        let found = self.network_element(&list.elements, client, style, 0)?;
        self.step(|| StepKind::Matched {
            list: parameter.into(),
            value: client.address.to_string().into_bytes(),
            element: found.as_ref().map(|(_, element)| element.clone()),
            place: None,
        });
        Ok(found.is_some_and(|(is_in, _)| is_in))
    }

    /// The element that settles it, and how.
    fn network_element(
        &mut self,
        elements: &[Element],
        client: &Client,
        style: Style,
        depth: usize,
    ) -> Result<Option<(bool, Vec<u8>)>, LookupError> {
        let address = client.address.to_string();
        for element in elements {
            let text = element.text.bytes();
            let holds = match element.kind {
                ElementKind::File => {
                    let file = self.list_file(element, depth)?;
                    if let Some((is_in, inner)) = self.network_element(&file.elements, client, style, depth + 1)? {
                        return Ok(Some((is_in != element.negated, inner)));
                    }
                    false
                }
                ElementKind::Table => self.network_table(text, client, style)?,
                ElementKind::Pattern => is_host(text, client, style) || is_network(text, client, &address)?,
            };
            if holds {
                return Ok(Some((!element.negated, element.shown())));
            }
        }
        Ok(None)
    }

    fn network_table(&mut self, name: &[u8], client: &Client, style: Style) -> Result<bool, LookupError> {
        let table = self.list_table(name)?;
        let mut keys = Vec::new();
        if client.name != ClientName::NotAsked {
            let name = client.name.shown();
            let style = if table.takes_partial_keys() { style } else { Style::Exact };
            keys.extend(domain_and_parents(name, style).map(<[u8]>::to_ascii_lowercase));
        }
        keys.push(client.address.to_string().into_bytes());
        for key in keys {
            if self.lookup(&table, TableForm::KeyValue, &key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a pattern is the client's name, or a domain of it.
fn is_host(pattern: &[u8], client: &Client, style: Style) -> bool {
    match &client.name {
        ClientName::NotAsked => false,
        name => matches(pattern, name.shown(), style),
    }
}

/// Whether a pattern is the client's address, or a network that holds it. Other words are names.
fn is_network(pattern: &[u8], client: &Client, address: &str) -> Result<bool, LookupError> {
    let bare = pattern.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(pattern);
    if bare.eq_ignore_ascii_case(address.as_bytes()) {
        return Ok(true);
    }
    let is_written_so = |byte: &u8| byte.is_ascii_hexdigit() || b"[]:./".contains(byte);
    if !pattern.iter().all(is_written_so) || !pattern.iter().any(|byte| b":/".contains(byte)) {
        return Ok(false);
    }
    // What is wrong with a network of the other kind nobody sees.
    if pattern.contains(&b':') != client.address.is_ipv6() {
        return Ok(false);
    }
    let network = Network::parse(pattern).map_err(|fault| LookupError::config(&fault.message()))?;
    Ok(Address::parse(address.as_bytes()).is_some_and(|address| network.contains(address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use std::sync::Arc;

    /// What smtpd of Postfix 3.11.7 answers with `permit_mynetworks, reject` to clients at 127.0.0.1 and 2001:db8::1.
    #[test]
    fn networks_that_are_malformed_fail_for_clients_of_their_kind() {
        let (yes, no, fails) = (Some(true), Some(false), None);
        let cases = [
            ("127.0.0.0/8", yes, no),
            ("[2001:DB8::]/32", no, yes),
            ("127.0.0.0/8 2001:db8::/64", yes, fails),
            ("127.0.0.1/8", fails, no),
            ("10/8", fails, no),
            ("10.1.2.3/8 127.0.0.0/8", fails, no),
            ("127.0.0.0/33", fails, no),
            ("127.0.0.0/", fails, no),
            ("10.0.0.0/8/8", fails, no),
            ("127.0.0.0/8]", fails, no),
            ("[]/8", fails, no),
            ("a/8", fails, no),
            ("!127.0.0.1/8", fails, no),
            ("[fd::]/8", no, fails),
            ("[2001:db8::1", no, fails),
            ("[::1]/129", no, fails),
            ("[2001:db8::1]/", no, fails),
            ("[2001:db8::1]:25", no, fails),
            ("fe80::/10", fails, fails),
            ("2001:db8::1", fails, fails),
            ("127.0.0.1:25", fails, fails),
            ("host:25", fails, fails),
            ("1:2", fails, fails),
            ("/8", fails, fails),
            ("[127.0.0.0/8]", yes, no),
            ("[127.0.0.1]", yes, no),
            ("127.0.0.0/08", yes, no),
            ("0.0.0.0/0", yes, no),
            ("127.0.0.0/x", no, no),
            ("127.0.0.0/+8", no, no),
            ("[fd00::]/8x", no, no),
            ("[::ffff:127.0.0.1]", no, no),
            ("[127.0.0.1", no, no),
            ("1.2.3", no, no),
            ("127.1", no, no),
            ("dead.beef", no, no),
            ("127.0.0.[0;1]", no, no),
            ("10.0.0.0/8 # 127.0.0.0/8", no, no),
        ];
        for (networks, v4, v6) in cases {
            let main = Arc::new(Source::new("main.cf", format!("mynetworks = {networks}\n")));
            let files = ConfigFiles::from_sources("/nowhere".as_ref(), &main, None);
            let paths = PathMap::directory("/nowhere".as_ref(), None);
            let site = Site::new(Configuration::new(files, Platform::default()), paths);
            let mut router = Router::new(&site, Arc::new(NoCaller));
            for (address, expected) in [("127.0.0.1", v4), ("2001:db8::1", v6)] {
                let client = Client::at(address.parse().expect("an address"));
                let found = router.is_in_networks("mynetworks", &client).ok();
                assert_eq!(found, expected, "{address} in {networks}");
            }
        }
    }
}

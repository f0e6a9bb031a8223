//! `permit_mynetworks`: whether a client is in a list of networks, addresses and names.
//!
//! Source: postconf(5), mynetworks, `permit_inet_interfaces`.

use super::decision::{Checked, Decision, Stop, Subject};
use super::session::{Client, ClientName};
use super::walk::Access;
use crate::maps::networks::network::{Address, Network};
use crate::maps::{LookupError, TableReference};
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
                ElementKind::Pattern => is_host(text, client, style) || is_network(text, client)?,
            };
            if holds {
                return Ok(Some((!element.negated, element.shown())));
            }
        }
        Ok(None)
    }

    fn network_table(&mut self, name: &[u8], client: &Client, style: Style) -> Result<bool, LookupError> {
        let Some(table) = TableReference::behind_proxy(name) else { return Ok(false) };
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
fn is_network(pattern: &[u8], client: &Client) -> Result<bool, LookupError> {
    let address = client.address.to_string();
    let bare = pattern.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(pattern);
    if bare.eq_ignore_ascii_case(address.as_bytes()) {
        return Ok(true);
    }
    let is_written_so = |byte: &u8| byte.is_ascii_hexdigit() || b"[]:./".contains(byte);
    if !pattern.iter().all(is_written_so) || !pattern.iter().any(|byte| b":/".contains(byte)) {
        return Ok(false);
    }
    let network = Network::parse(pattern).map_err(|fault| LookupError::config(&fault.message()))?;
    Ok(Address::parse(address.as_bytes()).is_some_and(|address| network.contains(address)))
}

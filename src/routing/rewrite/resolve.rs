//! Which class an address belongs to, and to which transport and nexthop its mail goes.
//!
//! Source: trivial-rewrite(8), `ADDRESS_CLASS_README`, transport(5), and experiments with 3.11.

use super::standard_form::{RewriteRules, find, is_special, rfind, strip_last_dot, written};
use super::transport::Hop;
use crate::mail::host_name::is_mail_domain;
use crate::mail::local_part::{external, is_plain, split_domain};
use crate::mail::rfc822::{Form, Token, TokenKind, TokenWriter, tokens};
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::keys::Style;
use std::fmt;

/// What an address is to this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressClass {
    /// In `mydestination`, or an address literal of this machine.
    Local,
    /// In `virtual_alias_domains`: all its addresses are aliases.
    VirtualAlias,
    /// In `virtual_mailbox_domains`.
    VirtualMailbox,
    /// In `relay_domains`.
    Relay,
    /// Everything else.
    Default,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::VirtualAlias => "virtual alias",
            Self::VirtualMailbox => "virtual mailbox",
            Self::Relay => "relay",
            Self::Default => "default",
        })
    }
}

/// What the rewrite service says to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its class.
    pub class: AddressClass,
    /// Where its mail goes; not settled if the address is malformed.
    pub hop: Hop,
    /// The address as the transport is told it, in internal form.
    pub recipient: Vec<u8>,
    /// Its local part holds operators (`@`, `%`, `!`) that another host might follow.
    pub routed: bool,
    /// The address cannot be that of mail.
    pub malformed: bool,
}

impl Router<'_> {
    /// Resolves a recipient for a sender, both in internal form.
    ///
    /// # Errors
    /// A table or list that gives no answer: mail would wait.
    pub fn resolve(&mut self, sender: &[u8], address: &[u8]) -> Result<Resolved, LookupError> {
        self.within(&Daemon::Rewrite, |service| service.resolve_here(sender, address))
    }

    fn resolve_here(&mut self, sender: &[u8], address: &[u8]) -> Result<Resolved, LookupError> {
        let stripped = self.strip_local_domains(address)?;
        let (_, domain) = split_domain(&stripped.recipient);
        let domain = domain.unwrap_or_default().to_vec();
        let mut resolved = Resolved {
            class: AddressClass::Default,
            hop: Hop::default(),
            recipient: stripped.recipient,
            routed: false,
            malformed: !is_mail_domain(&domain, self.is_yes("smtputf8_enable")?),
        };
        if resolved.malformed {
            self.note(format_args!("\"{}\" is not the domain of a mail address", String::from_utf8_lossy(&domain)));
            return Ok(resolved);
        }
        let recipient = &resolved.recipient;
        let operator = recipient.iter().position(|byte| b"@!%".contains(byte)).unwrap_or(recipient.len());
        resolved.routed = recipient.get(operator + 1..) != Some(&domain);
        (resolved.class, resolved.hop) = match stripped.is_local {
            true => (AddressClass::Local, self.main_hop("local_transport", &domain)?),
            false => self.remote_class(sender, &domain)?,
        };
        if resolved.class != AddressClass::VirtualAlias
            && let Some(entry) = self.transport_entry(&resolved.recipient)?
        {
            resolved.hop = entry.over(resolved.hop, &domain);
        }
        if let Some(moved) = self.find_address("relocated_maps", &resolved.recipient.clone())? {
            let nexthop = [b"5.1.6 User has moved to ", moved.value.as_slice()].concat();
            resolved.hop = Hop { transport: b"error".to_vec(), nexthop };
        }
        if resolved.recipient.starts_with(b"-") && !self.is_yes("allow_min_user")? {
            self.note("allow_min_user = no: an address must not begin with -");
            resolved.malformed = true;
        }
        Ok(resolved)
    }

    /// A main.cf parameter that holds `transport:nexthop`; without nexthop it is the recipient's domain.
    fn main_hop(&self, parameter: &str, domain: &[u8]) -> Result<Hop, LookupError> {
        let mut hop = Hop::parse(&self.text(parameter)?);
        if hop.nexthop.is_empty() {
            hop.nexthop = domain.to_vec();
        }
        Ok(hop)
    }

    fn remote_class(&mut self, sender: &[u8], domain: &[u8]) -> Result<(AddressClass, Hop), LookupError> {
        if self.is_listed("virtual_alias_domains", domain, Style::Exact)? {
            let table = if self.is_yes("show_user_unknown_table_name")? { " in virtual alias table" } else { "" };
            let nexthop = format!("5.1.1 User unknown{table}").into_bytes();
            return Ok((AddressClass::VirtualAlias, Hop { transport: b"error".to_vec(), nexthop }));
        }
        if self.is_listed("virtual_mailbox_domains", domain, Style::Exact)? {
            return Ok((AddressClass::VirtualMailbox, self.main_hop("virtual_transport", domain)?));
        }
        let style = self.domain_style("relay_domains");
        let is_relay = self.is_listed("relay_domains", domain, style)?;
        let (class, mut hop) = match is_relay {
            true => (AddressClass::Relay, Hop::parse(&self.text("relay_transport")?)),
            false => (AddressClass::Default, self.default_transport(sender)?),
        };
        if hop.nexthop.is_empty() {
            hop.nexthop = self.relay_host(sender, domain)?;
        }
        Ok((class, hop))
    }

    fn default_transport(&mut self, sender: &[u8]) -> Result<Hop, LookupError> {
        let key = self.sender_key(sender, "empty_address_default_transport_maps_lookup_key")?;
        let found = self.find_address("sender_dependent_default_transport_maps", &key)?;
        if let Some(found) = found
            && !found.value.eq_ignore_ascii_case(b"dunno")
        {
            return Ok(Hop::parse(&found.value));
        }
        Ok(Hop::parse(&self.text("default_transport")?))
    }

    /// What takes the place of the recipient's domain.
    fn relay_host(&mut self, sender: &[u8], domain: &[u8]) -> Result<Vec<u8>, LookupError> {
        let key = self.sender_key(sender, "empty_address_relayhost_maps_lookup_key")?;
        if let Some(found) = self.find_address("sender_dependent_relayhost_maps", &key)?
            && !found.value.eq_ignore_ascii_case(b"dunno")
        {
            return Ok(found.value);
        }
        let relayhost = self.text("relayhost")?;
        Ok(if relayhost.is_empty() {
            domain.to_vec()
        } else {
            self.note(format_args!("relayhost = {}", String::from_utf8_lossy(&relayhost)));
            relayhost.to_vec()
        })
    }

    fn sender_key(&self, sender: &[u8], null_key: &str) -> Result<Vec<u8>, LookupError> {
        Ok(if sender.is_empty() { self.text(null_key)?.to_vec() } else { sender.to_vec() })
    }

    /// Takes domains of this machine off, as long as what is left of them names another domain.
    fn strip_local_domains(&mut self, address: &[u8]) -> Result<Stripped, LookupError> {
        if let (true, (_, Some(domain))) = (is_plain(address), split_domain(address)) {
            // The local part has no operators that would lead elsewhere.
            return Ok(Stripped { recipient: address.to_vec(), is_local: self.is_local_domain(domain)? });
        }
        let rules = self.rewrite_rules()?;
        let may_crack = self.is_yes("resolve_dequoted_address")?;
        let null_domain = self.is_yes("resolve_null_domain")?;
        let mut text = external(address).into_owned();
        let mut saved: Option<Vec<u8>> = None;
        // Each turn takes an operator away; were it not so, this ends all the same.
        for _ in 0..address.len() + 2 {
            let mut words: Vec<Token<'_>> = tokens(&text).collect();
            if find(&words, b'@').is_some() {
                strip_last_dot(&mut words);
            }
            if null_domain && is_special(words.last(), b'@') {
                words.pop();
            }
            if let Some(at) = rfind(&words, b'@') {
                let domain = written(&words[at + 1..]);
                if !domain.is_empty() && !self.is_local_domain(&domain)? {
                    return Ok(Stripped { recipient: written(&words), is_local: false });
                }
                words.truncate(at);
                saved = Some(domain);
            }
            if let Some(next) = next_form(&rules, &words, may_crack) {
                text = next;
                continue;
            }
            if words.len() == 1 && words[0].kind == TokenKind::Quoted && words[0].text().is_empty() {
                words.clear();
            }
            let mut recipient = if words.is_empty() { b"MAILER-DAEMON".to_vec() } else { written(&words) };
            recipient.push(b'@');
            let is_local = match saved {
                Some(domain) => {
                    recipient.extend(domain);
                    true
                }
                None => {
                    let hostname = self.text("myhostname")?;
                    recipient.extend_from_slice(&hostname);
                    self.is_local_domain(&hostname)?
                }
            };
            return Ok(Stripped { recipient, is_local });
        }
        Ok(Stripped { recipient: address.to_vec(), is_local: false })
    }
}

/// A recipient without those domains of this machine that lead elsewhere.
struct Stripped {
    recipient: Vec<u8>,
    is_local: bool,
}

/// The external form of the address that the operators of a local part make of it; nothing if it has none.
fn next_form(rules: &RewriteRules, words: &[Token<'_>], may_crack: bool) -> Option<Vec<u8>> {
    let has = |byte| rfind(words, byte).is_some();
    if has(b'@') || rules.swap_bangpath && has(b'!') || rules.percent_hack && has(b'%') {
        return Some(rewritten(rules, words));
    }
    let [word] = words else { return None };
    if !may_crack || word.kind != TokenKind::Quoted {
        return None;
    }
    // Other hosts look for operators inside quotes: they must not be led elsewhere through this one.
    let mut local = word.text().into_owned();
    if local.contains(&b'@') {
        local = external(&local).into_owned();
    } else if let Some(at) = memchr::memrchr(b'%', &local).filter(|_| rules.percent_hack) {
        local[at] = b'@';
        local = external(&local).into_owned();
    } else if !(rules.swap_bangpath && local.contains(&b'!')) {
        return None;
    }
    Some(rewritten(rules, &tokens(&local).collect::<Vec<_>>()))
}

fn rewritten(rules: &RewriteRules, words: &[Token<'_>]) -> Vec<u8> {
    let mut words = words.to_vec();
    rules.apply_to(&mut words);
    let mut out = Vec::new();
    let mut writer = TokenWriter::new(Form::External, &mut out);
    for word in &words {
        writer.push(word);
    }
    out
}

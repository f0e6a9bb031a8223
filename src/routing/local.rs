//! What local(8) does with a recipient: aliases, files and commands, mail sent on, mailboxes.
//!
//! Order: `alias_maps` (the whole local part, then without its extension), `.forward`, `mailbox_transport_maps`,
//! `mailbox_transport`, `mailbox_command`, the mailbox of an account; and for a name without one `fallback_transport_maps`,
//! `fallback_transport`, `luser_relay`.
//!
//! Source: local(8), aliases(5), postconf(5).

use super::daemon::Daemon;
use super::find::KeyPart;
use super::forward::Addressee;
use super::lookups::Lookups;
use super::resolve::Resolved;
use super::route::{Ending, Fate, kind_of_mailbox, unknown};
use super::trail::{StepKind, Trail};
use super::transport::Hop;
use crate::base::Source;
use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::maps::types::system_words;
use crate::syntax::alias_value::{DestinationKind, parse_alias_value};
use std::path::PathBuf;

/// How deeply aliases may name aliases: local(8)'s own limit.
const MAX_DEPTH: usize = 100;

/// A delivery that is under way.
struct Delivery<'d> {
    sender: &'d [u8],
    resolved: &'d Resolved,
    seen: &'d mut Vec<Vec<u8>>,
    /// The `.forward` files that have been followed.
    forwards: &'d mut Vec<PathBuf>,
    ends: &'d mut Vec<Ending>,
}

/// What names destinations: an alias, or a `.forward`.
#[derive(Clone, Copy)]
struct Expanded<'e> {
    /// The local part.
    name: &'e [u8],
    /// What of it the alias or file did not have, with the delimiter.
    extension: Option<&'e [u8]>,
    /// The account whose `.forward` it is.
    account: Option<&'e [u8]>,
    /// How deeply aliases are nested.
    depth: usize,
}

impl Delivery<'_> {
    fn end(&mut self, recipient: &[u8], fate: Fate) {
        self.ends.push(Ending {
            recipient: recipient.to_vec(),
            class: Some(self.resolved.class),
            hop: self.resolved.hop.clone(),
            fate,
            hosts: Vec::new(),
        });
    }
}

impl Lookups<'_> {
    /// Follows a recipient of the local delivery agent to all its ends.
    pub(super) fn deliver_locally(
        &mut self,
        sender: &[u8],
        resolved: &Resolved,
        seen: &mut Vec<Vec<u8>>,
        ends: &mut Vec<Ending>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        // Mail that comes back to a recipient carries that name in its Delivered-To: header.
        let key = resolved.recipient.to_ascii_lowercase();
        let mut delivery = Delivery { sender, resolved, seen, forwards: &mut Vec::new(), ends };
        if delivery.seen.contains(&key) {
            let words = format!("mail forwarding loop for {}", String::from_utf8_lossy(&resolved.recipient));
            delivery.end(&resolved.recipient, Fate::Loop(words));
            return Ok(());
        }
        delivery.seen.push(key);
        let local = split_domain(&resolved.recipient).0.to_ascii_lowercase();
        let agent = Daemon::Agent(resolved.hop.transport.clone());
        let done = self.within(&agent, |agent| agent.local_name(&local, None, 0, &mut delivery, trail));
        delivery.seen.pop();
        done
    }

    /// Delivers to a local name; `from` is the alias that named it.
    fn local_name(
        &mut self,
        name: &[u8],
        from: Option<&[u8]>,
        depth: usize,
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let recipient = self.full(name, delivery)?;
        if depth > MAX_DEPTH {
            delivery.end(&recipient, Fate::Loop("recipient nesting limit exceeded".into()));
            return Ok(());
        }
        if let Some(real) = name.strip_prefix(b"\\") {
            return self.account_mailbox(real, &recipient, delivery, trail);
        }
        let split = self.extension(name)?.map(|(user, extension)| (user.to_vec(), extension.to_vec()));
        let mut keys = vec![name.to_vec()];
        keys.extend(split.iter().map(|(user, _)| user.clone()));
        for (at, key) in keys.iter().enumerate() {
            // An alias that names itself means the mailbox.
            if from == Some(key.as_slice()) {
                trail.note(format!("alias {} is not expanded in itself", String::from_utf8_lossy(key)));
                continue;
            }
            let part = if at == 0 { KeyPart::Whole } else { KeyPart::Partial };
            let found = self.ask_tables("alias_maps", key, part, trail)?;
            let Some(value) = found else { continue };
            let extension = split.as_ref().filter(|_| at > 0).map(|(_, extension)| extension.clone());
            let owner = [b"owner-", key.as_slice()].concat();
            let owner = match self.ask_tables("alias_maps", &owner, KeyPart::Partial, trail)? {
                Some(_) => Some(self.full(&owner, delivery)?),
                None => None,
            };
            trail.step(StepKind::Changed { by: "alias_maps".into(), from: key.clone(), to: value.clone() });
            let sender = owner.as_deref().unwrap_or(delivery.sender);
            let Delivery { resolved, seen, forwards, ends, .. } = delivery;
            let mut inner = Delivery { sender, resolved, seen, forwards, ends };
            let expanded = Expanded { name: key, extension: extension.as_deref(), account: None, depth };
            return self.destinations(&value, expanded, &mut inner, trail);
        }
        let (user, extension) = split.unwrap_or_else(|| (name.to_vec(), Vec::new()));
        if let Some(account) = self.account(&user) {
            let addressee = Addressee { user: &user, extension: &extension, recipient: &recipient };
            let forward = self.forward_file(&account, &addressee, trail)?;
            if let Some(forward) = forward.filter(|forward| !delivery.forwards.contains(&forward.path)) {
                delivery.forwards.push(forward.path);
                // An empty file means the mailbox.
                let before = delivery.ends.len();
                trail.begin(".forward", &forward.name);
                // A file for the extension takes care of it.
                let is_left = !extension.is_empty() && !forward.name.ends_with(&extension);
                let extension = is_left.then_some(extension.as_slice());
                let expanded = Expanded { name, extension, account: Some(&user), depth };
                let done = self.lines(&forward.text, expanded, delivery, trail);
                trail.end();
                done?;
                if delivery.ends.len() > before {
                    return Ok(());
                }
            }
        }
        self.account_mailbox(&user, &recipient, delivery, trail)
    }

    /// Delivers to all that the lines of a file name.
    fn lines(
        &mut self,
        text: &[u8],
        expanded: Expanded<'_>,
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"#"));
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            trail.note(format!("line: {}", String::from_utf8_lossy(line)));
            self.destinations(line, expanded, delivery, trail)?;
        }
        Ok(())
    }

    /// Delivers to all that an alias, or a file of `:include:`, names.
    fn destinations(
        &mut self,
        value: &[u8],
        expanded: Expanded<'_>,
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let Expanded { name: alias, extension, account, depth } = expanded;
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let recipient = self.full(alias, delivery)?;
        let parsed = parse_alias_value(value);
        if parsed.destinations.is_empty() {
            delivery.end(&recipient, Fate::Deferred(format!("alias {} has no destination", shown(alias))));
        }
        for destination in parsed.destinations {
            match destination.kind {
                DestinationKind::Command(line) => {
                    delivery.end(&recipient, Fate::Delivered(format!("command {}", shown(&line))));
                }
                DestinationKind::File(path) | DestinationKind::HomeFile(path) => {
                    delivery.end(&recipient, Fate::Delivered(format!("file {}", shown(&path))));
                }
                DestinationKind::Include(path) => {
                    if depth > MAX_DEPTH {
                        let words = format!(":include: {}: nested too deeply", shown(&path));
                        delivery.end(&recipient, Fate::Loop(words));
                        continue;
                    }
                    match Source::read_plain(&self.paths.resolve(&path)) {
                        Ok(text) => trail.stage(":include:", &path, |trail| {
                            self.lines(text.bytes(), Expanded { depth: depth + 1, ..expanded }, delivery, trail)
                        })?,
                        Err(error) => {
                            let words = format!("cannot open include file {}: {}", shown(&path), system_words(&error));
                            delivery.end(&recipient, Fate::Deferred(words));
                        }
                    }
                }
                DestinationKind::Address { .. } => {
                    let mut address = self.rewrite(&destination.text, trail)?;
                    if let Some(extension) = extension
                        && self.has_word(
                            "propagate_unmatched_extensions",
                            if account.is_some() { "forward" } else { "alias" },
                        )?
                    {
                        let at = memchr::memrchr(b'@', &address).unwrap_or(address.len());
                        address.splice(at..at, extension.iter().copied());
                    }
                    let resolved =
                        trail.stage("resolve", &address, |trail| self.resolve(delivery.sender, &address, trail))?;
                    let name = split_domain(&resolved.recipient).0.to_ascii_lowercase();
                    let user = self.extension(&name)?.map_or(name.as_slice(), |(user, _)| user);
                    // Mail for another account is not delivered with the rights of the one whose `.forward` names it.
                    let is_own = account.is_none_or(|account| user.strip_prefix(b"\\").unwrap_or(user) == account);
                    if is_own && resolved.hop.transport == delivery.resolved.hop.transport {
                        trail.begin("local", &name);
                        let done = self.local_name(&name, Some(alias), depth + 1, delivery, trail);
                        trail.end();
                        done?;
                    } else {
                        trail.begin("forwarded as a new message", &address);
                        let done = self.submit(delivery.sender, &address, delivery.seen, delivery.ends, trail);
                        trail.end();
                        done?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Delivers to the mailbox of a name, or to what takes its place.
    fn account_mailbox(
        &mut self,
        user: &[u8],
        recipient: &[u8],
        delivery: &mut Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<(), LookupError> {
        let account = self.account(user);
        match &account {
            Some(_) => trail.note(format!("account {}", String::from_utf8_lossy(user))),
            None => trail.note(format!("no account {}", String::from_utf8_lossy(user))),
        }
        if let Some(hop) = self.other_transport("mailbox_transport", user, delivery, trail)? {
            self.hand_to(hop, recipient, delivery);
            return Ok(());
        }
        if account.is_some() {
            let command = match self.ask_tables("mailbox_command_maps", user, KeyPart::Whole, trail)? {
                Some(command) => command,
                None => self.text("mailbox_command")?,
            };
            let home_mailbox = self.text("home_mailbox")?;
            let home = account.map(|account| account.home).unwrap_or_default();
            let spool = self.text("mail_spool_directory")?;
            let spool = if spool.is_empty() { b"/var/mail".to_vec() } else { spool };
            let slash = if spool.ends_with(b"/") { &b""[..] } else { b"/" };
            let how = if !command.is_empty() {
                format!("command {}", String::from_utf8_lossy(&command))
            } else if !home_mailbox.is_empty() {
                kind_of_mailbox(&[&*home, b"/", &*home_mailbox].concat())
            } else {
                let end = if slash.is_empty() { &b"/"[..] } else { b"" };
                kind_of_mailbox(&[&*spool, slash, user, end].concat())
            };
            delivery.end(recipient, Fate::Delivered(how));
            return Ok(());
        }
        if let Some(hop) = self.other_transport("fallback_transport", user, delivery, trail)? {
            self.hand_to(hop, recipient, delivery);
            return Ok(());
        }
        // Nobody is behind these names, and yet mail to them ends nowhere else.
        if user == b"double-bounce" {
            delivery.end(recipient, Fate::Discarded);
            return Ok(());
        }
        if matches!(user, b"mailer-daemon" | b"postmaster") {
            trail.note("mail to this name without an alias or account is logged and thrown away");
            delivery.end(recipient, Fate::Discarded);
            return Ok(());
        }
        match self.luser_relay(recipient, trail)? {
            Some(address) => {
                trail.begin("luser_relay", &address);
                let done = self.submit(delivery.sender, &address, delivery.seen, delivery.ends, trail);
                trail.end();
                done
            }
            None => {
                delivery.end(recipient, Fate::Bounced("5.1.1".into(), unknown(user)));
                Ok(())
            }
        }
    }

    /// `NAME_maps`, then `NAME`.
    fn other_transport(
        &mut self,
        name: &str,
        user: &[u8],
        delivery: &Delivery<'_>,
        trail: &mut Trail,
    ) -> Result<Option<Hop>, LookupError> {
        let text = match self.ask_tables(&format!("{name}_maps"), user, KeyPart::Whole, trail)? {
            Some(found) => found,
            None => self.text(name)?,
        };
        let mut hop = Hop::parse(&text);
        if hop.transport.is_empty() {
            return Ok(None);
        }
        if hop.nexthop.is_empty() {
            hop.nexthop = delivery.resolved.hop.nexthop.clone();
        }
        trail.note(format!("{name}: {}", String::from_utf8_lossy(&text)));
        Ok(Some(hop))
    }

    fn hand_to(&self, hop: Hop, recipient: &[u8], delivery: &mut Delivery<'_>) {
        let fate = match hop.transport.as_slice() {
            b"discard" => Fate::Discarded,
            b"error" => Fate::Bounced("5.0.0".into(), String::from_utf8_lossy(&hop.nexthop).into_owned()),
            _ => Fate::Relayed,
        };
        delivery.ends.push(Ending {
            recipient: recipient.to_vec(),
            class: Some(delivery.resolved.class),
            hop,
            fate,
            hosts: Vec::new(),
        });
    }

    /// The address that takes mail for unknown names.
    fn luser_relay(&mut self, recipient: &[u8], trail: &mut Trail) -> Result<Option<Vec<u8>>, LookupError> {
        let (local, domain) = split_domain(recipient);
        let (user, extension) = self.extension(local)?.unwrap_or((local, b""));
        // The names that only local(8) knows; they are not parameters of main.cf.
        let Some(value) = self.configuration.value(b"luser_relay", self.service()) else { return Ok(None) };
        let mut text = String::from_utf8_lossy(&value.bytes).into_owned();
        let values = [
            ("recipient_delimiter", extension.get(..1).unwrap_or_default()),
            ("extension", extension.get(1..).unwrap_or_default()),
            ("recipient", recipient),
            ("domain", domain.unwrap_or_default()),
            ("local", local),
            ("user", user),
        ];
        for (name, value) in values {
            let value = String::from_utf8_lossy(value);
            text = text.replace(&format!("${{{name}}}"), &value).replace(&format!("$({name})"), &value);
            text = text.replace(&format!("${name}"), &value);
        }
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.rewrite(text.as_bytes(), trail)?))
    }

    /// A local name with the domain under which mail reached this machine.
    fn full(&self, name: &[u8], delivery: &Delivery<'_>) -> Result<Vec<u8>, LookupError> {
        let (_, domain) = split_domain(&delivery.resolved.recipient);
        let domain = match domain {
            Some(domain) => domain.to_vec(),
            None => self.text("myhostname")?,
        };
        Ok([name, b"@", &domain].concat())
    }
}

//! What local(8) does with a recipient: aliases, files and commands, and mail sent on.
//!
//! Order: `alias_maps` (the whole local part, then without its extension), `.forward`, and what
//! [`mailbox`](super::mailbox) tells.
//!
//! What stands in an included file, in a `.forward` about another user, or in an alias with a companion `owner-`, is
//! sent on as a new message, unless it is an alias itself. Nothing is done twice for one message. Commands and files
//! that `allow_mail_to_commands` and `allow_mail_to_files` do not allow where they stand are bounced; the owner of an
//! alias file is taken to be root.
//!
//! Source: local(8), aliases(5), postconf(5), and experiments with 3.11.

use super::forward::Addressee;
use super::local_mail::{LocalMail, restricted};
use super::sink::Sink;
use crate::base::system_words;
use crate::mail::local_part::{external_local, split_domain};
use crate::maps::LookupError;
use crate::routing::fate::{Action, Fate};
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::keys::KeyPart;
use crate::routing::router::trail::StepKind;
use crate::syntax::alias_value::{DestinationKind, parse_alias_value};
use crate::syntax::table_line::TableForm;

/// How deeply aliases may name aliases: local(8)'s own limit.
const MAX_DEPTH: usize = 100;

/// What kind of text names destinations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alias,
    Forward,
    Include,
}

impl Kind {
    /// Its word in `allow_mail_to_commands` and its kin.
    fn word(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Forward => "forward",
            Self::Include => "include",
        }
    }
}

/// What names destinations: an alias, a `.forward`, or a file that either of them includes.
#[derive(Clone, Copy)]
struct Expanded<'e> {
    kind: Kind,
    /// The local part that led to it.
    name: &'e [u8],
    /// The same with its domain.
    recipient: &'e [u8],
    /// What of it the alias or file did not have, with the delimiter.
    extension: Option<&'e [u8]>,
    /// Who answers for it: the companion `owner-` of an alias, or the account whose `.forward` it is.
    owner: Option<&'e [u8]>,
    /// The home directory of that account.
    home: Option<&'e [u8]>,
    /// The sender of what is sent on.
    sender: &'e [u8],
    /// How deeply aliases are nested.
    depth: usize,
}

impl Expanded<'_> {
    /// Whether mail for a user of this machine is sent on as a new message, since it is not to be delivered on behalf
    /// of others.
    fn hands_on(&self, user: &[u8]) -> bool {
        self.kind == Kind::Include || self.owner.is_some_and(|owner| !owner.eq_ignore_ascii_case(user))
    }
}

/// What local(8) logs a warning about, which the sender is told no more of.
fn misconfigured() -> Fate {
    Fate::bounced("5.3.5", "mail system configuration error")
}

impl Router<'_> {
    /// Tells a sink all that becomes of mail for a recipient of the local delivery agent.
    ///
    /// # Errors
    /// A table that gives no answer: what the sink has not been told would be done later.
    pub fn deliver_locally(
        &mut self,
        sender: &[u8],
        resolved: &Resolved,
        sink: &mut dyn Sink,
    ) -> Result<(), LookupError> {
        let mut mail = LocalMail::new(sender, resolved, sink);
        let recipient = &resolved.recipient;
        if mail.sink.has_come_by(&recipient.to_ascii_lowercase()) {
            let words = format!("mail forwarding loop for {}", String::from_utf8_lossy(recipient));
            mail.end(recipient, Fate::Loop(words));
            return Ok(());
        }
        let agent = Daemon::Agent(resolved.hop.transport.clone());
        self.within(&agent, |agent| agent.local_name(recipient, None, &mut mail))
    }

    /// Delivers to a recipient of this machine; `by` is what named it.
    fn local_name(
        &mut self,
        address: &[u8],
        by: Option<Expanded<'_>>,
        mail: &mut LocalMail<'_>,
    ) -> Result<(), LookupError> {
        let name = split_domain(address).0.to_ascii_lowercase();
        let recipient = self.full(&name, address)?;
        let depth = by.map_or(0, |by| by.depth + 1);
        let sender = by.map_or(mail.sender, |by| by.sender).to_vec();
        if depth > MAX_DEPTH {
            mail.end(&recipient, Fate::Loop("recipient nesting limit exceeded".into()));
            return Ok(());
        }
        let hands_on = |user: &[u8]| by.is_some_and(|by| by.hands_on(user));
        if let Some(real) = name.strip_prefix(b"\\") {
            let recipient = self.full(real, address)?;
            let user = self.extension(real)?.map_or(real, |(user, _)| user);
            return match address.strip_prefix(b"\\") {
                Some(address) if hands_on(user) => mail.send_on(self, &sender, address),
                _ => self.account_mailbox(real, &recipient, &sender, mail),
            };
        }
        let split = self.extension(&name)?.map(|(user, extension)| (user.to_vec(), extension.to_vec()));
        let mut keys = vec![name.clone()];
        keys.extend(split.iter().map(|(user, _)| user.clone()));
        for (at, key) in keys.iter().enumerate() {
            // An alias that names itself means the mailbox.
            if by.is_some_and(|by| by.name == key.as_slice()) {
                self.note(format_args!("alias {} is not expanded in itself", String::from_utf8_lossy(key)));
                continue;
            }
            let part = if at == 0 { KeyPart::Whole } else { KeyPart::Partial };
            let Some(value) = self.ask_aliases(key, part)? else { continue };
            let extension = split.as_ref().filter(|_| at > 0).map(|(_, extension)| extension.as_slice());
            let companion = self.owner_alias(key)?;
            let inherited = if self.is_yes("reset_owner_alias")? { None } else { by.and_then(|by| by.owner) };
            let owner = companion.as_deref().or(inherited);
            self.step(|| StepKind::Changed { by: "alias_maps".into(), from: key.clone(), to: value.clone() });
            let sender = match &companion {
                Some(owner) => self.within(&Daemon::Cleanup, |cleanup| cleanup.map_sender(owner))?,
                None => sender,
            };
            let kind = Kind::Alias;
            let recipient = self.full(key, address)?;
            let (recipient, sender) = (recipient.as_slice(), sender.as_slice());
            let expanded = Expanded { kind, name: key, recipient, extension, owner, home: None, sender, depth };
            return self.destinations(&value, expanded, mail);
        }
        let (user, extension) = split.unwrap_or_else(|| (name.clone(), Vec::new()));
        if hands_on(&user) {
            return mail.send_on(self, &sender, address);
        }
        if let Some(account) = self.account(&user) {
            let addressee = Addressee { user: &user, extension: &extension, recipient: &recipient };
            // An account that its own file names means the mailbox.
            let is_own = by.and_then(|by| by.owner).is_some_and(|owner| owner.eq_ignore_ascii_case(&user));
            let forward = if is_own { None } else { self.forward_file(&account, &addressee)? };
            if let Some(forward) = forward {
                if mail.forwards.contains(&forward.path) {
                    self.note(format_args!("{} is followed once", String::from_utf8_lossy(&forward.name)));
                    return Ok(());
                }
                mail.forwards.push(forward.path);
                // An empty file means the mailbox.
                let before = mail.progress();
                // A file for the extension takes care of it.
                let is_left = !extension.is_empty() && !forward.name.ends_with(&extension);
                let expanded = Expanded {
                    kind: Kind::Forward,
                    name: &name,
                    recipient: &recipient,
                    extension: is_left.then_some(extension.as_slice()),
                    owner: Some(&user),
                    home: Some(&account.home),
                    sender: &sender,
                    depth,
                };
                self.stage(".forward", &forward.name, |agent| agent.lines(&forward.text, expanded, mail))?;
                if mail.progress() != before {
                    return Ok(());
                }
            }
        }
        self.account_mailbox(&user, &recipient, &sender, mail)
    }

    /// What an alias stands for: from 3.12 on its name is looked up with the quotes that it may need, then without.
    fn ask_aliases(&mut self, name: &[u8], part: KeyPart) -> Result<Option<Vec<u8>>, LookupError> {
        match self.alias_form() {
            TableForm::QuotedAliases => self.ask_both("alias_maps", &external_local(name), name, part),
            _ => self.ask_tables("alias_maps", name, part),
        }
    }

    /// Who is told about mail to an alias that cannot be delivered, as its companion `owner-` says.
    fn owner_alias(&mut self, alias: &[u8]) -> Result<Option<Vec<u8>>, LookupError> {
        if !self.is_yes("owner_request_special")? {
            return Ok(None);
        }
        let name = [b"owner-", alias].concat();
        let Some(value) = self.ask_aliases(&name, KeyPart::Partial)? else { return Ok(None) };
        let is_expanded = self.is_yes("expand_owner_alias")?;
        let owner = self.rewrite(if is_expanded { &value } else { &name })?;
        self.note(format_args!("what is sent on is sent by {}", String::from_utf8_lossy(&owner)));
        Ok(Some(owner))
    }

    /// Delivers to all that the lines of a file name.
    fn lines(&mut self, text: &[u8], expanded: Expanded<'_>, mail: &mut LocalMail<'_>) -> Result<(), LookupError> {
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b"#"));
        for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
            self.note(format_args!("line: {}", String::from_utf8_lossy(line)));
            self.destinations(line, expanded, mail)?;
        }
        Ok(())
    }

    /// Delivers to all that an alias, or a line of a file, names.
    fn destinations(
        &mut self,
        value: &[u8],
        expanded: Expanded<'_>,
        mail: &mut LocalMail<'_>,
    ) -> Result<(), LookupError> {
        let Expanded { kind, name: alias, recipient, extension, sender, .. } = expanded;
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let parsed = parse_alias_value(value);
        if parsed.destinations.is_empty() {
            mail.end(recipient, Fate::Deferred(format!("alias {} has no destination", shown(alias))));
        }
        for destination in parsed.destinations {
            match destination.kind {
                DestinationKind::Command(line) => {
                    let is_allowed = self.has_word("allow_mail_to_commands", kind.word())?;
                    let fate = if is_allowed { Fate::Delivered(Action::Command(line)) } else { restricted("command") };
                    mail.end(recipient, fate);
                }
                DestinationKind::File(path) => {
                    let fate = self.file(&path, kind)?;
                    mail.end(recipient, fate);
                }
                DestinationKind::HomeFile(path) => {
                    let fate = match expanded.home {
                        Some(home) => self.file(&[home, path.strip_prefix(b"~").unwrap_or(&path)].concat(), kind)?,
                        None => {
                            self.note(format_args!(
                                "{}: root, whose file this is as a rule, has no home here",
                                shown(&path)
                            ));
                            misconfigured()
                        }
                    };
                    mail.end(recipient, fate);
                }
                DestinationKind::Include(path) => self.include(&path, expanded, mail)?,
                DestinationKind::Address { localpart, domain } => {
                    let mut address = match domain {
                        None => self.rewrite_local(&localpart)?,
                        Some(_) => self.rewrite(&destination.text)?,
                    };
                    if let Some(extension) = extension
                        && self.has_word("propagate_unmatched_extensions", kind.word())?
                    {
                        let at = memchr::memrchr(b'@', &address).unwrap_or(address.len());
                        address.splice(at..at, extension.iter().copied());
                    }
                    let resolved = self.stage("resolve", &address, |router| router.resolve(sender, &address))?;
                    if resolved.malformed {
                        let why = format!("bad recipient address syntax: {}", shown(&resolved.recipient));
                        mail.end(recipient, Fate::bounced("5.1.3", why));
                    } else if resolved.hop.transport == mail.resolved.hop.transport {
                        let name = split_domain(&resolved.recipient).0.to_ascii_lowercase();
                        self.stage("local", &name, |agent| {
                            agent.local_name(&resolved.recipient, Some(expanded), mail)
                        })?;
                    } else {
                        mail.send_on(self, sender, &address)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn file(&self, path: &[u8], kind: Kind) -> Result<Fate, LookupError> {
        let is_allowed = self.has_word("allow_mail_to_files", kind.word())?;
        Ok(if is_allowed { Fate::Delivered(Action::File(path.to_vec())) } else { restricted("file") })
    }

    /// Delivers to all that an included file names.
    fn include(&mut self, path: &[u8], expanded: Expanded<'_>, mail: &mut LocalMail<'_>) -> Result<(), LookupError> {
        let recipient = expanded.recipient;
        let shown = String::from_utf8_lossy(path).into_owned();
        if expanded.depth > MAX_DEPTH {
            mail.end(recipient, Fate::Loop(format!(":include: {shown}: nested too deeply")));
            return Ok(());
        }
        if !path.starts_with(b"/") {
            self.note(format_args!(":include:{shown} uses a relative path"));
            mail.end(recipient, misconfigured());
            return Ok(());
        }
        match self.site.paths.read(path) {
            Ok(text) => self.stage(":include:", path, |router| {
                let (kind, home) = (Kind::Include, None);
                let included = Expanded { kind, home, depth: expanded.depth + 1, ..expanded };
                router.lines(text.bytes(), included, mail)
            }),
            Err(error) => {
                self.note(format_args!("unable to open :include: file {shown}: {}", system_words(&error)));
                mail.end(recipient, misconfigured());
                Ok(())
            }
        }
    }

    /// A local name with the domain of the address that it is of.
    fn full(&self, name: &[u8], address: &[u8]) -> Result<Vec<u8>, LookupError> {
        let domain = match split_domain(address).1 {
            Some(domain) => domain.to_vec(),
            None => self.text("myhostname")?.to_vec(),
        };
        Ok([name, b"@", &domain].concat())
    }
}

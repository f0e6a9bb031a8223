//! Restrictions on names: of the client, in `HELO`, and of domains in addresses, by what they look like; whether the
//! DNS has them is asked next door.
//!
//! Source: postconf(5), `smtpd_client_restrictions`, `smtpd_helo_restrictions`, `reject_non_fqdn_sender`; experiments
//! with 3.11.

use super::decision::{Checked, Decision, Subject};
use super::dns_names::NEEDS_DNS;
use super::session::{ClientName, Command};
use super::topic::Topic;
use super::walk::Access;
use crate::mail::host_name::{is_address, is_host_name, is_literal};
use crate::mail::local_part::split_domain;

impl Access<'_, '_> {
    pub(super) fn reject_unknown_client(&mut self) -> Checked {
        let name = self.session.client.name.clone();
        self.reject_nameless(&name, "4.7.25", "cannot find your hostname")
    }

    pub(super) fn reject_unknown_reverse_client(&mut self) -> Checked {
        let name = self.session.client.reverse_name.clone();
        self.reject_nameless(&name, "4.7.1", "cannot find your reverse hostname")
    }

    fn reject_nameless(&mut self, name: &ClientName, status: &str, why: &str) -> Checked {
        match name {
            ClientName::Known(_) => Ok(Decision::Undecided),
            ClientName::NotAsked => Ok(Decision::NotAsked(NEEDS_DNS.into())),
            ClientName::Unknown | ClientName::UnknownNow => {
                // What may change is refused for now only.
                let code = match name {
                    ClientName::UnknownNow => 450,
                    _ => self.number("unknown_client_reject_code")?,
                };
                let text = format!("Client host rejected: {why}, [{}]", self.session.client.address);
                Ok(self.reject(code, status, text))
            }
        }
    }

    pub(super) fn reject_invalid_helo(&mut self, subject: &Subject) -> Checked {
        self.with_helo(subject, |access, helo, subject| {
            let is_good = is_host_name(without_dot(helo)) || is_address(without_dot(helo));
            access.reject_helo_unless(is_good, "invalid_hostname_reject_code", "Invalid name", subject)
        })
    }

    pub(super) fn reject_non_fqdn_helo(&mut self, subject: &Subject) -> Checked {
        self.with_helo(subject, |access, helo, subject| {
            let why = "need fully-qualified hostname";
            access.reject_helo_unless(is_fully_qualified(helo), "non_fqdn_reject_code", why, subject)
        })
    }

    /// Looks at the `HELO` name, if there is one; an address in brackets must be one, and that is all.
    pub(super) fn with_helo(
        &mut self,
        subject: &Subject,
        check: impl FnOnce(&mut Self, &[u8], &Subject) -> Checked,
    ) -> Checked {
        let Some(helo) = self.session.helo.clone() else { return Ok(Decision::Undecided) };
        let subject = subject.about(Topic::Helo, &helo);
        if helo.starts_with(b"[") {
            let is_good = is_literal(&helo);
            return self.reject_helo_unless(is_good, "invalid_hostname_reject_code", "invalid ip address", &subject);
        }
        check(self, &helo, &subject)
    }

    fn reject_helo_unless(&mut self, is_good: bool, code: &str, why: &str, subject: &Subject) -> Checked {
        if is_good {
            return Ok(Decision::Undecided);
        }
        let code = self.number(code)?;
        Ok(self.reject(code, "5.5.2", subject.refused(why)))
    }

    /// Refuses an address, the one that the subject names, whose domain is not fully qualified.
    pub(super) fn reject_non_fqdn(&mut self, subject: &Subject) -> Checked {
        if subject.name.is_empty() {
            return Ok(Decision::Undecided);
        }
        let (_, domain) = split_domain(&subject.name);
        let domain = domain.unwrap_or_default();
        if domain.starts_with(b"[") || is_fully_qualified(domain) {
            return Ok(Decision::Undecided);
        }
        let code = self.number("non_fqdn_reject_code")?;
        Ok(self.reject(code, "5.5.2", subject.refused("need fully-qualified address")))
    }

    pub(super) fn reject_multi_recipient_bounce(&mut self, subject: &Subject) -> Checked {
        // The one that is being named is not taken yet.
        let recipients = self.taken.len() + usize::from(self.command == Command::Rcpt);
        if !self.session.sender.is_empty() || recipients < 2 {
            return Ok(Decision::Undecided);
        }
        let code = self.number("multi_recipient_bounce_reject_code")?;
        Ok(self.reject(code, "5.5.3", subject.refused("Multi-recipient bounce")))
    }
}

fn without_dot(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".").unwrap_or(name)
}

fn is_fully_qualified(name: &[u8]) -> bool {
    let name = without_dot(name);
    is_host_name(name) && name.contains(&b'.')
}

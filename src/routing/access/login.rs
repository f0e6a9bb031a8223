//! Restrictions on logins: who is logged in, and whether a sender is his.
//!
//! Source: postconf(5), `smtpd_sender_login_maps`, `reject_sender_login_mismatch`, `permit_sasl_authenticated`.

use super::decision::{Checked, Decision, Stop, Subject};
use super::restriction_list::words;
use super::topic::Topic;
use super::walk::Access;

/// The code of refused senders; no parameter changes it.
const CODE: usize = 553;

impl Access<'_, '_> {
    pub(super) fn permit_sasl_authenticated(&mut self) -> Checked {
        Ok(if self.login().is_some() { Decision::Permit } else { Decision::Undecided })
    }

    /// Who is logged in, if the server lets anybody.
    pub(super) fn login(&mut self) -> Option<Vec<u8>> {
        if self.has_logins() {
            return self.session.sasl_user.clone();
        }
        if self.session.sasl_user.is_some() {
            self.router.note("smtpd_sasl_auth_enable = no");
        }
        None
    }

    fn has_logins(&self) -> bool {
        self.router.is_yes("smtpd_sasl_auth_enable").unwrap_or(false)
    }

    pub(super) fn reject_login_mismatch(&mut self, name: &str, subject: &Subject) -> Checked {
        let sender = self.session.sender.clone();
        if !self.has_logins() {
            self.router.note("smtpd_sasl_auth_enable = no: ignored");
            return Ok(Decision::Undecided);
        }
        let user = self.login();
        let is_about = match name {
            "reject_authenticated_sender_login_mismatch" => user.is_some(),
            "reject_unauthenticated_sender_login_mismatch" => user.is_none(),
            _ => true,
        };
        if sender.is_empty() || !is_about {
            return Ok(Decision::Undecided);
        }
        let lookup = |_| Stop::lookup(&sender);
        let resolved = self.resolve(&sender).map_err(lookup)?;
        let found = self.router.find_address("smtpd_sender_login_maps", &resolved.recipient).map_err(lookup)?;
        let owners = found.map(|found| words(&found.value));
        let needs_owner = name == "reject_authenticated_sender_login_mismatch";
        let why = match (&user, owners) {
            (_, None) if !needs_owner => return Ok(Decision::Undecided),
            (None, _) => "not logged in".to_string(),
            (Some(user), owners) => {
                if owners.unwrap_or_default().iter().any(|owner| owner.eq_ignore_ascii_case(user)) {
                    return Ok(Decision::Undecided);
                }
                format!("not owned by user {}", String::from_utf8_lossy(user))
            }
        };
        Ok(self.reject(CODE, "5.7.1", subject.about(Topic::Sender, &sender).refused(&why)))
    }
}

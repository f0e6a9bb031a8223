//! Restrictions on logins: who is logged in, and whether a sender is his.
//!
//! Source: postconf(5), `smtpd_sender_login_maps`, `reject_sender_login_mismatch`, `permit_sasl_authenticated`.

use super::decision::{Checked, Decision, Stop, Subject};
use super::reply::Topic;
use super::restriction_list::words;
use super::walk::Access;
use crate::routing::router::trail::Trail;

/// The code of refused senders; no parameter changes it.
const CODE: usize = 553;

impl Access<'_, '_> {
    pub(super) fn permit_sasl_authenticated(&mut self, trail: &mut Trail) -> Checked {
        Ok(if self.login(trail).is_some() { Decision::Permit } else { Decision::Undecided })
    }

    /// Who is logged in, if the server lets anybody.
    pub(super) fn login(&mut self, trail: &mut Trail) -> Option<Vec<u8>> {
        if self.has_logins() {
            return self.session.sasl_user.clone();
        }
        if self.session.sasl_user.is_some() {
            trail.note("smtpd_sasl_auth_enable = no");
        }
        None
    }

    fn has_logins(&self) -> bool {
        self.lookups.is_yes("smtpd_sasl_auth_enable").unwrap_or(false)
    }

    pub(super) fn reject_login_mismatch(&mut self, name: &str, subject: &Subject, trail: &mut Trail) -> Checked {
        let sender = self.session.sender.clone();
        if !self.has_logins() {
            trail.note("smtpd_sasl_auth_enable = no: ignored");
            return Ok(Decision::Undecided);
        }
        let user = self.login(trail);
        let is_about = match name {
            "reject_authenticated_sender_login_mismatch" => user.is_some(),
            "reject_unauthenticated_sender_login_mismatch" => user.is_none(),
            _ => true,
        };
        if sender.is_empty() || !is_about {
            return Ok(Decision::Undecided);
        }
        let lookup = |_| Stop::lookup(&sender);
        let resolved = self.resolve(&sender, trail).map_err(lookup)?;
        let found = self.lookups.find_address("smtpd_sender_login_maps", &resolved.recipient, trail).map_err(lookup)?;
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

//! Restrictions that ask the DNS whether a name is there: of the client, in `HELO`, and of domains in addresses.
//!
//! Source: postconf(5), `reject_unknown_helo_hostname`, `reject_unknown_sender_domain`; RFC 7505; experiments with
//! 3.11.

use super::decision::{Checked, Decision, Stop, Subject};
use super::topic::Topic;
use super::walk::Access;
use crate::mail::local_part::split_domain;
use crate::mail::reply::Reply;
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::router::dns::ReplyFilter;
use crate::routing::router::records::{NoRecords, Record, RecordType};

/// What a restriction says that may not ask.
pub(super) const NEEDS_DNS: &str = "needs the DNS";

/// The tables that may take records out of what the DNS says.
pub(super) const FILTER: ReplyFilter = Some("smtpd_dns_reply_filter");

/// The word for mail that must wait, of the parameters that tell what to do when the DNS gives no answer.
const DEFER: &[u8] = b"defer";

impl Access<'_, '_> {
    /// The DNS has neither address nor mail exchanger for the `HELO` name.
    pub(super) fn reject_unknown_helo(&mut self, subject: &Subject) -> Checked {
        self.with_helo(subject, |access, helo, subject| {
            if !access.router.has_dns() {
                return Ok(Decision::NotAsked(NEEDS_DNS.into()));
            }
            // Whatever protocols this machine speaks.
            let types = [RecordType::A, RecordType::Aaaa, RecordType::Mx];
            match access.router.first_of(FILTER, helo, &types, true) {
                Ok(_) | Err(NoRecords::Filtered) => Ok(Decision::Undecided),
                Err(none) if none.is_for_now() => {
                    let reply = Reply::new(450, "4.7.1", subject.refused("Host not found"));
                    access.fail_for_now("unknown_helo_hostname_tempfail_action", reply)
                }
                Err(none) => {
                    let code = access.number("unknown_hostname_reject_code")?;
                    Ok(access.reject(code, "4.7.1", subject.refused(why(&none, "Host not found"))))
                }
            }
        })
    }

    /// The DNS has neither mail exchanger nor address for the domain of an address, or says that it takes no mail. Only
    /// domains of others are asked for.
    pub(super) fn reject_unknown_domain(&mut self, topic: Topic, address: &[u8]) -> Checked {
        if address.is_empty() {
            return Ok(Decision::Undecided);
        }
        let resolved = self.resolve(address).map_err(|_| Stop::lookup(address))?;
        let is_foreign = matches!(resolved.class, AddressClass::Relay | AddressClass::Default);
        let domain = split_domain(&resolved.recipient).1.filter(|domain| is_foreign && !domain.starts_with(b"["));
        let Some(domain) = domain else { return Ok(Decision::Undecided) };
        if !self.router.has_dns() {
            return Ok(Decision::NotAsked(NEEDS_DNS.into()));
        }
        let subject = Subject { name: address.to_vec(), topic, bare_table: None };
        let status = topic.fit("4.1.8");
        let types = [RecordType::Mx, RecordType::A, RecordType::Aaaa];
        match self.router.first_of(FILTER, domain, &types, true) {
            Ok(records) if is_null_mx(&records) => {
                let (code, status) = if topic == Topic::Sender { (550, "5.7.27") } else { (556, "5.1.10") };
                let why = format!("Domain {} does not accept mail (nullMX)", String::from_utf8_lossy(domain));
                Ok(self.reject(code, status, subject.refused(&why)))
            }
            Ok(_) | Err(NoRecords::Filtered) => Ok(Decision::Undecided),
            Err(none) if none.is_for_now() => {
                let reply = Reply::new(450, &status, subject.refused("Domain not found"));
                self.fail_for_now("unknown_address_tempfail_action", reply)
            }
            Err(none) => {
                let code = self.number("unknown_address_reject_code")?;
                Ok(self.reject(code, &status, subject.refused(why(&none, "Domain not found"))))
            }
        }
    }

    /// What a parameter says is to be done while the DNS gives no answer.
    fn fail_for_now(&mut self, parameter: &str, reply: Reply) -> Checked {
        let action = self.router.text(parameter).map_err(|_| Stop::configuration())?;
        match &*action {
            DEFER => Ok(self.reject(reply.code, &reply.status, reply.text)),
            _ => Ok(self.defer_if_permit(reply)),
        }
    }
}

/// Whether the records say that there is no mail; beside others too.
pub(super) fn is_null_mx(records: &[Record]) -> bool {
    records.iter().any(|record| matches!(record, Record::Mx { host, .. } if host.is_empty()))
}

fn why(none: &NoRecords, usual: &'static str) -> &'static str {
    if *none == NoRecords::Malformed { "Malformed DNS server reply" } else { usual }
}

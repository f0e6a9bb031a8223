//! Whether a client is one of this machine's, whose headers are rewritten: asked at `MAIL`, where a table that fails is
//! told.
//!
//! Source: postconf(5), `local_header_rewrite_clients`; experiments with 3.11.

use super::decision::{Decision, Subject};
use super::topic::Topic;
use super::walk::Access;
use crate::mail::reply::Reply;
use crate::routing::router::Way;
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;

impl Access<'_, '_> {
    /// What the client is told if that cannot be known.
    pub(super) fn local_client(&mut self) -> Option<Reply> {
        let list = self.router.text("local_header_rewrite_clients").ok()?;
        // Only a table can fail.
        memchr::memchr(b':', &list)?;
        let address = self.session.client.address.to_string().into_bytes();
        let subject = Subject { name: address.clone(), topic: Topic::Client, bare_table: None };
        for range in split_list(&list) {
            let word = &list[range];
            let is_local = match word {
                b"permit_inet_interfaces" => self.permit_inet_interfaces(&subject) == Ok(Decision::Permit),
                b"permit_mynetworks" => self.permit_mynetworks(&subject) == Ok(Decision::Permit),
                b"permit_sasl_authenticated" => self.session.sasl_user.is_some(),
                word if memchr::memchr(b':', word).is_some() => {
                    let table = self.router.list_table(word).ok()?;
                    match self.router.lookup_in(&table, Way::usual(TableForm::KeyValue), &address) {
                        Ok(found) => found.is_some(),
                        Err(error) => {
                            self.router.note(error.to_string());
                            return Some(Reply::new(451, "4.3.0", "Temporary lookup error"));
                        }
                    }
                }
                _ => false,
            };
            if is_local {
                break;
            }
        }
        None
    }
}

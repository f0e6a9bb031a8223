//! Address masquerading: hosts inside a domain are hidden behind its name.
//!
//! Source: postconf(5), `masquerade_domains`, `masquerade_classes`, `masquerade_exceptions`.

use crate::mail::local_part::split_domain;
use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::routing::router::keys::Style;
use crate::routing::router::trail::StepKind;
use crate::syntax::match_list::split_list;

impl Router<'_> {
    /// What masquerading makes of an address of a class: `envelope_sender`, `envelope_recipient`.
    ///
    /// # Errors
    /// A parameter that cannot be expanded, or a table of exceptions without an answer.
    pub fn masquerade(&mut self, class: &str, address: &[u8]) -> Result<Vec<u8>, LookupError> {
        let kept = Ok(address.to_vec());
        let (local, Some(domain)) = split_domain(address) else { return kept };
        if !self.has_word("masquerade_classes", class)? {
            return kept;
        }
        let domains = self.text("masquerade_domains")?;
        if domains.is_empty() || self.is_listed("masquerade_exceptions", local, Style::Exact)? {
            return kept;
        }
        for range in split_list(&domains) {
            let marks = domains[range.clone()].iter().take_while(|&&byte| byte == b'!').count();
            let masked = &domains[range][marks..];
            if masked.eq_ignore_ascii_case(domain) {
                return kept;
            }
            let Some(excess) = domain.len().checked_sub(masked.len() + 1) else { continue };
            if domain[excess] == b'.' && domain[excess + 1..].eq_ignore_ascii_case(masked) {
                if marks % 2 == 1 {
                    return kept;
                }
                let masked = [local, b"@", &masked.to_ascii_lowercase()].concat();
                let (from, to) = (address.to_vec(), masked.clone());
                self.step(|| StepKind::Changed { by: "masquerade_domains".into(), from, to });
                return Ok(masked);
            }
        }
        kept
    }
}

//! What an SMTP or LMTP client says of the TLS policy for a nexthop: one that is malformed keeps the mail in the queue.
//!
//! Source: postconf(5) `smtp_tls_policy_maps`, `smtp_tls_per_site`; experiments with 3.11.

use crate::maps::LookupError;
use crate::routing::router::Router;
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;

/// The levels of a policy.
const LEVELS: [&str; 8] = ["none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure"];

/// What may stand behind the level as `name=value`.
const ATTRIBUTES: [&str; 8] =
    ["protocols", "match", "ciphers", "exclude", "tafile", "servername", "connection_reuse", "enable_rpk"];

/// The words of the older table.
const PER_SITE: [&str; 5] = ["NONE", "MAY", "MUST", "MUST_NOPEERMATCH", ""];

impl Router<'_> {
    /// What is wrong with the policy for a nexthop, for the client that is asked; `protocol` is `smtp` or `lmtp`.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub(super) fn tls_fault(&mut self, nexthop: &[u8], protocol: &str) -> Result<Option<String>, LookupError> {
        let maps = format!("{protocol}_tls_policy_maps");
        let has_prints = !self.text(&format!("{protocol}_tls_fingerprint_cert_match"))?.is_empty();
        for table in self.tables(&maps)?.iter() {
            for key in keys(nexthop) {
                match self.lookup(table, TableForm::KeyValue, key) {
                    Ok(Some(policy)) => return Ok(policy_fault(&String::from_utf8_lossy(&policy), has_prints)),
                    Ok(None) => {}
                    Err(error) => return Ok(Some(error.to_string())),
                }
            }
        }
        // Nobody looks there if there is a table of policies.
        if !self.tables(&maps)?.is_empty() {
            return Ok(None);
        }
        for table in self.tables(&format!("{protocol}_tls_per_site"))?.iter() {
            if let Ok(Some(word)) = self.lookup(table, TableForm::KeyValue, nexthop) {
                let word = String::from_utf8_lossy(&word).into_owned();
                let is_known = PER_SITE.iter().any(|known| known.eq_ignore_ascii_case(&word));
                return Ok((!is_known).then(|| format!("unknown TLS policy '{word}'")));
            }
        }
        Ok(None)
    }
}

/// The keys for a nexthop: itself and, of a domain, the domains above it, with their dots.
fn keys(nexthop: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_domain = !nexthop.starts_with(b"[") && !nexthop.contains(&b':');
    let dots = memchr::memchr_iter(b'.', nexthop).filter(move |&dot| is_domain && dot > 0);
    std::iter::once(nexthop).chain(dots.map(|dot| &nexthop[dot..]))
}

/// What is wrong with a policy, in the client's words; `has_prints` tells whether a parameter names fingerprints. Mail
/// for such a destination is put off (4.7.5).
#[must_use]
pub fn policy_fault(policy: &str, has_prints: bool) -> Option<String> {
    let words: Vec<&str> = split_list(policy.as_bytes()).into_iter().map(|range| &policy[range]).collect();
    let Some((level, attributes)) = words.split_first() else { return Some("empty policy".into()) };
    let Some(level) = LEVELS.iter().find(|known| known.eq_ignore_ascii_case(level)) else {
        return Some(format!("invalid security level \"{level}\""));
    };
    // The client passes over all that stands behind it.
    if *level == "none" {
        return None;
    }
    let mut matches = false;
    for attribute in attributes {
        let attribute = attribute.trim_start_matches('{').trim_end_matches('}').trim();
        let Some((name, value)) = attribute.split_once('=') else {
            return Some(format!("malformed attribute/value pair \"{attribute}\": missing '=' after attribute name"));
        };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if !ATTRIBUTES.contains(&name.as_str()) {
            return Some(format!("invalid attribute name: \"{name}\""));
        }
        if value.is_empty() && matches!(name.as_str(), "match" | "ciphers" | "protocols" | "tafile") {
            return Some(format!("attribute \"{name}\" has empty value"));
        }
        if name == "match" && matches!(*level, "may" | "encrypt") {
            return Some(format!("attribute \"match\" invalid at security level \"{level}\""));
        }
        matches |= name == "match";
    }
    (*level == "fingerprint" && !matches && !has_prints)
        .then(|| "configured at fingerprint security level, but with no fingerprints to match".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warnings of smtp of Postfix 3.11.7, which defers all of these with 4.7.5 and takes the rest.
    #[test]
    fn policies_that_keep_mail_back() {
        let cases = [
            ("encrypted", Some("invalid security level \"encrypted\"")),
            ("!SSLv3", Some("invalid security level \"!SSLv3\"")),
            ("may;", Some("invalid security level \"may;\"")),
            ("may foo=bar", Some("invalid attribute name: \"foo\"")),
            ("encrypt foo", Some("malformed attribute/value pair \"foo\": missing '=' after attribute name")),
            ("secure match=", Some("attribute \"match\" has empty value")),
            ("encrypt ciphers=", Some("attribute \"ciphers\" has empty value")),
            ("may match=a", Some("attribute \"match\" invalid at security level \"may\"")),
            ("fingerprint", Some("configured at fingerprint security level, but with no fingerprints to match")),
            ("MAY", None),
            ("none protocols=TLSv1.2", None),
            ("encrypt protocols=!SSLv3", None),
            ("verify match=nexthop", None),
            ("dane", None),
        ];
        for (policy, expected) in cases {
            assert_eq!(policy_fault(policy, false).as_deref(), expected, "{policy}");
        }
    }

    #[test]
    fn fingerprints_of_a_parameter_do() {
        assert_eq!(policy_fault("fingerprint", true), None);
    }

    #[test]
    fn keys_of_a_nexthop() {
        let shown = |nexthop: &str| -> Vec<String> {
            keys(nexthop.as_bytes()).map(|key| String::from_utf8_lossy(key).into_owned()).collect()
        };
        assert_eq!(shown("a.example.com"), ["a.example.com", ".example.com", ".com"]);
        assert_eq!(shown("[mail.example.com]:587"), ["[mail.example.com]:587"]);
    }
}

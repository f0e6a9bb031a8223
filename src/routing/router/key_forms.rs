//! Which keys the tables of a parameter are ever looked up by, as data: for telling a key that nothing asks for.
//!
//! [`Lookups::of`] a parameter, or an access restriction, has the forms of its keys in the order in which they are tried;
//! [`Lookups::ask_for`] tells whether a key of a table has one of them. Tables of patterns are asked for the first form only, and
//! see it whole; other tables see it folded to lower case.
//!
//! The order itself, with the texts of the keys, is in [`keys`](super::keys); a test of this module follows mail and sees that no
//! other keys are looked up.
//!
//! Source: canonical(5), virtual(5), generic(5), relocated(5), transport(5), access(5), aliases(5); postconf(5),
//! `sender_bcc_maps`, `sender_dependent_relayhost_maps`, `smtp_tls_policy_maps`; experiments with 3.11.

use super::keys::Style;

/// What a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// `user@domain`, also without the address extension; the local part in quotes, if it needs them, or without.
    Address,
    /// `user`: a local part, also without the extension, of an address of this machine's domains; or the name of an alias.
    User,
    /// `@domain`: all addresses of a domain.
    AtDomain,
    /// `domain`; and, by [`Style::Parent`], those above it.
    Domain,
    /// `.domain`: what is below it. Asked for by [`Style::Dot`] only.
    Below,
    /// `user@`: a local part in any domain.
    UserAt,
    /// `*`: all that has no entry.
    Everything,
    /// An IP address or its first parts: `192.0.2.1`, `192.0.2`, `2001:db8::1`.
    Network,
    /// A nexthop that is no bare domain: `[host]`, `[host]:port`, `domain:port`.
    Nexthop,
}

/// The forms of keys that the tables of a parameter are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookups {
    /// In the order in which they are tried.
    pub forms: &'static [KeyForm],
    /// The name that `parent_domain_matches_subdomains` has for these lookups; nothing if it makes no difference to them, and
    /// [`Style::Dot`] holds.
    pub style_of: Option<&'static str>,
}

use KeyForm::{Address, AtDomain, Below, Domain, Everything, Network, Nexthop, User, UserAt};

const ADDRESSES: Lookups = Lookups { forms: &[Address, User, AtDomain], style_of: None };
const TRANSPORTS: Lookups = Lookups { forms: &[Address, Domain, Below, Everything], style_of: Some("transport_maps") };
const ALIASES: Lookups = Lookups { forms: &[User], style_of: None };
const HOSTS: Lookups = Lookups { forms: &[Domain, Below, Network], style_of: Some("smtpd_access_maps") };
const HELO_NAMES: Lookups = Lookups { forms: &[Domain, Below], style_of: Some("smtpd_access_maps") };
const MAIL_ADDRESSES: Lookups =
    Lookups { forms: &[Address, Domain, Below, UserAt], style_of: Some("smtpd_access_maps") };
const WHOLE_DOMAINS: Lookups = Lookups { forms: &[Domain], style_of: None };
const RELAY_DOMAINS: Lookups = Lookups { forms: &[Domain, Below], style_of: Some("relay_domains") };
const DESTINATIONS: Lookups = Lookups { forms: &[Nexthop, Domain, Below], style_of: None };

/// Parameters, and access restrictions, whose tables are looked up in the same way.
const LOOKUPS: [(&[&str], Lookups); 9] = [
    (
        &[
            "canonical_maps",
            "lmtp_generic_maps",
            "local_recipient_maps",
            "recipient_bcc_maps",
            "recipient_canonical_maps",
            "relay_recipient_maps",
            "relocated_maps",
            "sender_bcc_maps",
            "sender_canonical_maps",
            "sender_dependent_default_transport_maps",
            "sender_dependent_relayhost_maps",
            "smtp_generic_maps",
            "smtpd_sender_login_maps",
            "virtual_alias_maps",
            "virtual_mailbox_maps",
        ],
        ADDRESSES,
    ),
    (&["transport_maps", "address_verify_transport_maps"], TRANSPORTS),
    (&["alias_maps"], ALIASES),
    (&["check_client_access", "check_reverse_client_hostname_access"], HOSTS),
    (&["check_helo_access"], HELO_NAMES),
    (&["check_sender_access", "check_recipient_access"], MAIL_ADDRESSES),
    (&["mydestination", "virtual_alias_domains", "virtual_mailbox_domains"], WHOLE_DOMAINS),
    (&["relay_domains"], RELAY_DOMAINS),
    (&["smtp_tls_policy_maps", "lmtp_tls_policy_maps"], DESTINATIONS),
];

impl Lookups {
    /// How the tables of a parameter are looked up, or those of an access restriction such as `check_sender_access`; nothing for
    /// one that is not known here, whose tables may be asked for anything.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        LOOKUPS.iter().find(|(names, _)| names.contains(&name)).map(|(_, lookups)| *lookups)
    }

    /// Whether a key, as a table has it, is of a form that is looked up; `style` is that of the list
    /// [`style_of`](Self::style_of), and counts only if there is one. The null sender's key, which a parameter names, and `dunno`
    /// are not known here.
    #[must_use]
    pub fn ask_for(&self, key: &[u8], style: Style) -> bool {
        let asks_below = self.style_of.is_none() || style == Style::Dot;
        self.forms.iter().any(|form| form.fits(key) && (*form != Below || asks_below))
    }
}

impl KeyForm {
    /// Whether a key can be of this form. One may be of several: `example.com` is a domain, or a user with a dot in the name.
    #[must_use]
    pub fn fits(self, key: &[u8]) -> bool {
        let at = if is_quoted(key) { None } else { memchr::memrchr(b'@', key) };
        let (local, domain) = at.map_or((key, None), |at| (&key[..at], Some(&key[at + 1..])));
        match (self, domain) {
            (Self::Address, Some(domain)) => !local.is_empty() && is_domain(domain),
            (Self::AtDomain, Some(domain)) => local.is_empty() && is_domain(domain),
            (Self::UserAt, Some(domain)) => !local.is_empty() && domain.is_empty(),
            (Self::User, None) => !key.is_empty(),
            (Self::Domain, None) => is_domain(key),
            (Self::Below, None) => key.strip_prefix(b".").is_some_and(is_domain),
            (Self::Everything, None) => key == b"*",
            (Self::Network, None) => is_network(key),
            (Self::Nexthop, None) => key.starts_with(b"[") || key.contains(&b':'),
            _ => false,
        }
    }
}

/// `"a@b"`: a local part in quotes, and nothing behind it.
fn is_quoted(key: &[u8]) -> bool {
    key.len() > 1 && key.starts_with(b"\"") && key.ends_with(b"\"")
}

/// Whether a text can be a domain that is asked for: no dot at either end, no wildcard. Literals such as `[192.0.2.1]` can.
fn is_domain(text: &[u8]) -> bool {
    !text.is_empty() && !text.starts_with(b".") && !text.ends_with(b".") && !text.contains(&b'*')
}

/// Whether a text can be an IP address or its first parts.
fn is_network(text: &[u8]) -> bool {
    let is_of = |between: u8, is_digit: fn(&u8) -> bool| {
        text.iter().all(|byte| *byte == between || is_digit(byte)) && text.iter().any(is_digit)
    };
    is_of(b'.', u8::is_ascii_digit) || is_of(b':', u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::access::{Access, Client, Session};
    use crate::routing::{Recording, Router, Step, StepKind};
    use std::fmt::Write as _;
    use std::sync::Arc;

    #[test]
    fn keys_that_are_asked_for_and_others() {
        let cases = [
            (
                "virtual_alias_maps",
                Style::Dot,
                "joe@example.com joe \"a@b\" @example.com",
                "@ @.example.com joe@ joe@.x a@*.x",
            ),
            (
                "transport_maps",
                Style::Dot,
                "joe@example.com example.com .example.com *",
                "@example.com *.example.com x. joe@",
            ),
            ("transport_maps", Style::Parent, "example.com", ".example.com"),
            ("alias_maps", Style::Dot, "joe owner-joe joe.x", "joe@example.com @example.com"),
            (
                "check_client_access",
                Style::Dot,
                "a.example .example 192.0.2 2001:db8::1",
                "joe@example.com @example.com *",
            ),
            ("check_helo_access", Style::Parent, "a.example", ".example joe@a.example"),
            ("check_sender_access", Style::Dot, "joe@example.com example.com .example.com joe@", "@example.com"),
            (
                "smtp_tls_policy_maps",
                Style::Parent,
                "[a.example]:25 a.example:25 a.example .example",
                "joe@a.example *",
            ),
        ];
        for (name, style, asked, others) in cases {
            let lookups = Lookups::of(name).expect("known");
            for key in asked.split(' ') {
                assert!(lookups.ask_for(key.as_bytes(), style), "{name}: {key}");
            }
            for key in others.split(' ') {
                assert!(!lookups.ask_for(key.as_bytes(), style), "{name}: {key}");
            }
        }
        assert_eq!(Lookups::of("mynetworks"), None);
    }

    /// The parameters whose tables are asked where mail is followed and clients are judged.
    const FOLLOWED: [&str; 20] = [
        "alias_maps",
        "canonical_maps",
        "check_client_access",
        "check_helo_access",
        "check_recipient_access",
        "check_sender_access",
        "local_recipient_maps",
        "mydestination",
        "recipient_bcc_maps",
        "recipient_canonical_maps",
        "relay_domains",
        "relay_recipient_maps",
        "relocated_maps",
        "sender_canonical_maps",
        "sender_dependent_relayhost_maps",
        "transport_maps",
        "virtual_alias_domains",
        "virtual_alias_maps",
        "virtual_mailbox_domains",
        "virtual_mailbox_maps",
    ];

    /// Each parameter has a table of its own without entries that matter: what its tables were asked for is of the forms told
    /// here, and each form was asked for.
    #[test]
    fn all_lookups_are_of_these_forms_and_all_forms_are_looked_up() {
        // A local part alone is asked for in the domain of myorigin, too.
        let origins = ["example.com", "relay.example.net", "box.example.net"];
        let asked: Vec<(String, String)> = origins.into_iter().flat_map(looked_up).collect();
        for name in FOLLOWED {
            let known = Lookups::of(name).expect("known");
            let of_it = asked.iter().filter(|(table, _)| table.contains(&format!("{{{name}")));
            let keys: Vec<&str> = of_it.map(|(_, key)| &**key).collect();
            for key in &keys {
                assert!(known.ask_for(key.as_bytes(), Style::Dot), "{name} is asked for {key}");
            }
            for form in known.forms {
                assert!(keys.iter().any(|key| form.fits(key.as_bytes())), "{name} is asked for no {form:?}: {keys:?}");
            }
        }
    }

    /// Tables and keys that are looked up where mail is followed, with this `myorigin`.
    fn looked_up(origin: &str) -> Vec<(String, String)> {
        let mut main = format!(
            "myhostname = mail.example.com\nmyorigin = {origin}\nrecipient_delimiter = +\n\
             parent_domain_matches_subdomains =\nsmtpd_relay_restrictions = defer_unauth_destination\n\
             smtpd_recipient_restrictions = "
        );
        let tables = |check: bool| FOLLOWED.iter().filter(move |name| name.starts_with("check_") == check);
        for name in tables(true) {
            write!(main, "{name} inline:{{{name}=OK}}, ").expect("a string");
        }
        main.push_str("permit\n");
        for name in tables(false) {
            let domain = match *name {
                "mydestination" => "example.com",
                "relay_domains" => "relay.example.net",
                "virtual_mailbox_domains" => "box.example.net",
                _ => "",
            };
            writeln!(main, "{name} = inline:{{{name}.example.org=x}} {domain}").expect("a string");
        }
        let scratch = tempfile::tempdir().expect("scratch directory");
        let files = ConfigFiles::from_sources(scratch.path(), &Arc::new(Source::new("main.cf", main)), None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(scratch.path(), None));
        let mut router = Router::new(&site, Arc::new(NoCaller)).with_recording(Recording::Steps);
        let recipients =
            ["joe+x@example.com", "joe+x@relay.example.net", "joe+x@box.example.net", "joe+x@a.b.example.org"];
        let mut steps = Vec::new();
        for recipient in recipients.map(str::as_bytes) {
            steps.extend(router.route(b"ann+y@example.com", recipient).steps);
            let session = Session {
                helo: Some(b"c.example.net".to_vec()),
                sender: b"ann+y@d.example.net".to_vec(),
                client: Client::parse("c.example.net[192.0.2.1]").expect("a client"),
                sasl_user: None,
                tls: false,
            };
            let mut access = Access::new(&mut router, None, session).expect("it would run");
            steps.extend(access.check(&[recipient.to_vec()]).into_iter().flat_map(|verdict| verdict.steps));
        }
        let mut asked = Vec::new();
        lookups(&steps, &mut asked);
        asked
    }

    fn lookups(steps: &[Step], found: &mut Vec<(String, String)>) {
        for step in steps {
            if let StepKind::Lookup { table, key, .. } = &step.kind {
                found.push((table.clone(), String::from_utf8_lossy(key).into_owned()));
            }
            lookups(&step.steps, found);
        }
    }
}

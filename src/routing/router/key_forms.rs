//! Which keys the tables of a parameter are ever looked up by, as data: for telling a key that nothing asks for.
//!
//! [`Lookups::of`] a parameter, or an access restriction, has the forms of its keys in the order in which they are
//! tried; [`Lookups::ask_for`] tells whether a key of a table has one of them. Tables of patterns are asked for the
//! first form only, and see it whole; other tables see it folded to lower case.
//!
//! The order itself, with the texts of the keys, is in [`keys`](super::keys); a test of this module follows mail and
//! sees that no other keys are looked up.
//!
//! Source: canonical(5), virtual(5), generic(5), relocated(5), transport(5), access(5), aliases(5); postconf(5),
//! `sender_bcc_maps`, `sender_dependent_relayhost_maps`, `smtp_sasl_password_maps`, `smtp_tls_policy_maps`; experiments
//! with 3.11.

use super::keys::Style;
use crate::config::catalogue::{self, Kind};
use crate::mail::host_port::host_address;
use std::net::Ipv6Addr;

/// What a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// `user@domain`, also without the address extension; the local part in quotes, if it needs them, or without.
    Address,
    /// `user`: a local part, also without the extension, of an address of this machine's domains; or the name of an
    /// alias.
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
    /// The name of a client: a domain that is no number.
    HostName,
    /// An IP address or its first parts: `192.0.2.1`, `192.0.2`, `2001:db8::1`, as Postfix writes it.
    Network,
    /// A whole IP address.
    Ip,
    /// A nexthop that is no bare domain: `[host]`, `[host]:port`, `domain:port`.
    Nexthop,
}

/// The forms of keys that the tables of a parameter are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookups {
    /// In the order in which they are tried.
    pub forms: &'static [KeyForm],
    /// The name that `parent_domain_matches_subdomains` has for these lookups; nothing if it makes no difference to
    /// them, and [`Style::Dot`] holds.
    pub style_of: Option<&'static str>,
}

use KeyForm::{Address, AtDomain, Below, Domain, Everything, HostName, Ip, Network, Nexthop, User, UserAt};

const ADDRESSES: Lookups = Lookups { forms: &[Address, User, AtDomain], style_of: None };
const TRANSPORTS: Lookups = Lookups { forms: &[Address, Domain, Below, Everything], style_of: Some("transport_maps") };
const ALIASES: Lookups = Lookups { forms: &[User], style_of: None };
const USERS: Lookups = Lookups { forms: &[User], style_of: None };
const HOSTS: Lookups = Lookups { forms: &[HostName, Below, Network], style_of: Some("smtpd_access_maps") };
const CLIENT_ADDRESSES: Lookups = Lookups { forms: &[Ip], style_of: None };
const CLIENTS: Lookups = Lookups { forms: &[HostName, Below, Ip], style_of: None };
const HELO_NAMES: Lookups = Lookups { forms: &[Domain, Below], style_of: Some("smtpd_access_maps") };
const MAIL_ADDRESSES: Lookups =
    Lookups { forms: &[Address, Domain, Below, UserAt], style_of: Some("smtpd_access_maps") };
const WHOLE_DOMAINS: Lookups = Lookups { forms: &[Domain], style_of: None };
const RELAY_DOMAINS: Lookups = Lookups { forms: &[Domain, Below], style_of: Some("relay_domains") };
const ETRN_DOMAINS: Lookups = HELO_NAMES;
const DESTINATIONS: Lookups = Lookups { forms: &[Nexthop, Domain, Below], style_of: None };
const PASSWORDS: Lookups = Lookups { forms: &[Nexthop, Domain, Address, User, AtDomain], style_of: None };

/// Parameters, and access restrictions, whose tables are looked up in the same way.
const LOOKUPS: [(&[&str], Lookups); 13] = [
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
            "virtual_gid_maps",
            "virtual_mailbox_maps",
            "virtual_uid_maps",
        ],
        ADDRESSES,
    ),
    (&["fallback_transport_maps", "mailbox_command_maps", "mailbox_transport_maps"], USERS),
    (&["transport_maps", "address_verify_transport_maps"], TRANSPORTS),
    (&["alias_maps"], ALIASES),
    (
        &[
            "check_client_a_access",
            "check_client_access",
            "check_client_mx_access",
            "check_client_ns_access",
            "check_helo_a_access",
            "check_helo_mx_access",
            "check_helo_ns_access",
            "check_recipient_a_access",
            "check_recipient_mx_access",
            "check_recipient_ns_access",
            "check_reverse_client_hostname_a_access",
            "check_reverse_client_hostname_access",
            "check_reverse_client_hostname_mx_access",
            "check_reverse_client_hostname_ns_access",
            "check_sender_a_access",
            "check_sender_mx_access",
            "check_sender_ns_access",
        ],
        HOSTS,
    ),
    (
        &[
            "lmtp_discard_lhlo_keyword_address_maps",
            "postscreen_discard_ehlo_keyword_maps",
            "smtp_discard_ehlo_keyword_address_maps",
            "smtpd_discard_ehlo_keyword_address_maps",
            "smtpd_milter_maps",
        ],
        CLIENT_ADDRESSES,
    ),
    (&["check_etrn_access"], ETRN_DOMAINS),
    (&["check_helo_access"], HELO_NAMES),
    (&["check_sender_access", "check_recipient_access"], MAIL_ADDRESSES),
    (&["mydestination", "virtual_alias_domains", "virtual_mailbox_domains"], WHOLE_DOMAINS),
    (&["relay_domains"], RELAY_DOMAINS),
    (&["smtp_tls_policy_maps", "lmtp_tls_policy_maps"], DESTINATIONS),
    (&["smtp_sasl_password_maps", "lmtp_sasl_password_maps"], PASSWORDS),
];

impl Lookups {
    /// How the tables of a parameter are looked up, or those of an access restriction such as `check_sender_access`;
    /// nothing for one that is not known here, whose tables may be asked for anything.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let listed = LOOKUPS.iter().find(|(names, _)| names.contains(&name)).map(|(_, lookups)| *lookups);
        listed.or_else(|| {
            let parameter = catalogue::parameter(name)?;
            match parameter.kind {
                Kind::AddressMatchList => Some(CLIENT_ADDRESSES),
                Kind::HostMatchList => Some(CLIENTS),
                _ => None,
            }
        })
    }

    /// Whether a key, as a table has it, is of a form that is looked up; `style` is that of the list
    /// [`style_of`](Self::style_of), and counts only if there is one. The null sender's key, which a parameter names,
    /// and `dunno` are not known here.
    #[must_use]
    pub fn ask_for(&self, key: &[u8], style: Style) -> bool {
        let asks_below = self.style_of.is_none() || style == Style::Dot;
        self.forms.iter().any(|form| form.fits(key) && (*form != Below || asks_below))
    }
}

impl KeyForm {
    /// Whether a key can be of this form. One may be of several: `example.com` is a domain, or a user with a dot in the
    /// name.
    #[must_use]
    pub fn fits(self, key: &[u8]) -> bool {
        let at = if is_quoted(key) { None } else { memchr::memrchr(b'@', key) };
        let (local, domain) = at.map_or((key, None), |at| (&key[..at], Some(&key[at + 1..])));
        match (self, domain) {
            (Self::Address, Some(domain)) => !is_wild(local) && is_domain(domain),
            (Self::AtDomain, Some(domain)) => local.is_empty() && is_domain(domain),
            (Self::UserAt, Some(domain)) => !is_wild(local) && domain.is_empty(),
            (Self::User, None) => is_user(key),
            (Self::Domain, None) => is_domain(key),
            (Self::HostName, None) => is_domain(key) && !is_numeric(key) && !key.starts_with(b"["),
            (Self::Below, None) => key.strip_prefix(b".").is_some_and(is_domain),
            (Self::Everything, None) => key == b"*",
            (Self::Network, None) => is_network(key),
            (Self::Ip, None) => is_ip(key),
            (Self::Nexthop, None) => is_nexthop(key),
            _ => false,
        }
    }
}

/// `"a@b"`: a local part in quotes, and nothing behind it.
fn is_quoted(key: &[u8]) -> bool {
    key.len() > 1 && key.starts_with(b"\"") && key.ends_with(b"\"")
}

/// Whether a local part is one that nobody has: none, one that would stand for all elsewhere, or one that would need
/// quotes.
fn is_wild(local: &[u8]) -> bool {
    matches!(local, b"" | b"*") || (!is_quoted(local) && local.iter().any(|byte| b",;<>:@()".contains(byte)))
}

/// Whether a text can be a local part by itself, which a domain with a dot before it and a pattern are not.
fn is_user(key: &[u8]) -> bool {
    let is_pattern = key.len() > 2 && key.starts_with(b"/") && key.ends_with(b"/");
    // The null sender has a name of its own.
    key == b"<>"
        || is_quoted(key)
        || (!is_wild(key) && !is_pattern && !key.starts_with(b".") && !key.starts_with(b"*."))
}

/// Whether a text can be a domain that is asked for: no dot at either end, no wildcard. Literals such as `[192.0.2.1]`
/// can.
fn is_domain(text: &[u8]) -> bool {
    if let Some(literal) = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
        return is_address(literal);
    }
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii();
    !text.is_empty() && text.split(|&byte| byte == b'.').all(|label| !label.is_empty() && label.iter().all(is_label))
}

/// Whether a text is an IP address, also with the tag of SMTP before it.
fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| host_address(text).is_some())
}

/// Whether the last label of a domain is a number, as no top-level domain is.
fn is_numeric(domain: &[u8]) -> bool {
    domain.rsplit(|&byte| byte == b'.').next().is_some_and(|label| label.iter().all(u8::is_ascii_digit))
}

/// Whether a text can be an IP address or its first parts.
fn is_network(text: &[u8]) -> bool {
    is_ip(text) || ipv4_parts(text).is_some() || is_start_of_ipv6(text)
}

/// Whether a text is an IP address in the one form that Postfix asks for.
fn is_ip(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    match text.parse::<Ipv6Addr>() {
        // An IPv4 address in an IPv6 one is asked for as IPv4.
        Ok(address) => address.to_ipv4_mapped().is_none() && address.to_string() == text.to_ascii_lowercase(),
        Err(_) => ipv4_parts(text.as_bytes()) == Some(4),
    }
}

/// How many of the four numbers of an IPv4 address a text has; nothing if it is not the start of one.
fn ipv4_parts(text: &[u8]) -> Option<usize> {
    let parts: Vec<&[u8]> = text.split(|&byte| byte == b'.').collect();
    let is_part = |part: &&[u8]| {
        let number = std::str::from_utf8(part).ok().and_then(|part| part.parse::<u8>().ok());
        number.is_some_and(|number| number.to_string().as_bytes() == *part)
    };
    (parts.len() <= 4 && parts.iter().all(is_part)).then_some(parts.len())
}

/// Whether a text is what is left of an IPv6 address when numbers are cut off its end; a colon may be left there.
fn is_start_of_ipv6(text: &[u8]) -> bool {
    let text = text.strip_suffix(b":").unwrap_or(text);
    let is_part = |part: &[u8]| {
        part.len() <= 4 && part.iter().all(u8::is_ascii_hexdigit) && (part.len() <= 1 || !part.starts_with(b"0"))
    };
    !text.is_empty() && text.contains(&b':') && text.split(|&byte| byte == b':').all(is_part)
        || (1..=4).contains(&text.len()) && is_part(text)
}

/// Whether a text can be a nexthop that is no bare domain: `[host]`, `[host]:port`, `domain:port`, or a socket.
fn is_nexthop(text: &[u8]) -> bool {
    let is_port =
        |port: &[u8]| !port.is_empty() && port.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if text.starts_with(b"unix:") || text.starts_with(b"inet:") {
        return true;
    }
    if let Some(rest) = text.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', rest) else { return false };
        let (host, port) = (&rest[..end], &rest[end + 1..]);
        return (is_address(host) || is_domain(host))
            && (port.is_empty() || port.strip_prefix(b":").is_some_and(is_port));
    }
    let colon = memchr::memchr(b':', text);
    colon.is_some_and(|colon| is_domain(&text[..colon]) && is_port(&text[colon + 1..]))
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
                "joe@example.com joe \"a@b\" @example.com joe@[192.0.2.1]",
                "@ @.example.com joe@ joe@.x a@*.x *@example.com * .example.com /.+/ <joe@example.com> joe@x. a,b",
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
                "a.example .example 192.0.2 2001:db8::1 2001:db8 2001:db8:2: unknown",
                "joe@example.com @example.com * [2001:db8::1] 192.0.2. 192.0.2.0/24 192.000.2.1 2001:0db8::5 ::ffff:192.0.2.1",
            ),
            ("mynetworks", Style::Dot, "192.0.2.1 2001:db8::2", "192.0.2 10.0.0.0/8 [2001:db8::1] joe@a.example"),
            (
                "smtp_sasl_password_maps",
                Style::Dot,
                "[a.example]:587 a.example joe@a.example",
                "*.a.example .a.example *",
            ),
            ("check_helo_access", Style::Parent, "a.example", ".example joe@a.example"),
            ("check_sender_access", Style::Dot, "joe@example.com example.com .example.com joe@", "@example.com"),
            (
                "smtp_tls_policy_maps",
                Style::Parent,
                "[a.example]:25 a.example:25 a.example .example [::1]:25",
                "joe@a.example * [a.example:25] a.example:* smtp:[a.example] a.example. [a.example a.example]:25",
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
        assert_eq!(Lookups::of("relay_clientcerts"), None);
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

    /// Each parameter has a table of its own without entries that matter: what its tables were asked for is of the
    /// forms told here, and each form was asked for.
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

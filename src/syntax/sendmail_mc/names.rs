//! The names that Sendmail's macros and m4 itself give a meaning to, where `(` stands behind them.
//!
//! Source: cf/README of Sendmail 8.17; m4's manual.

/// Macros with arguments, in order of the alphabet.
const CALLS: [&str; 68] = [
    "CANONIFY_DOMAIN",
    "CANONIFY_DOMAIN_FILE",
    "CLIENT_OPTIONS",
    "DAEMON_OPTIONS",
    "DOMAIN",
    "EXPOSED_USER",
    "EXPOSED_USER_FILE",
    "FEATURE",
    "GENERICS_DOMAIN",
    "GENERICS_DOMAIN_FILE",
    "HACK",
    "INPUT_MAIL_FILTER",
    "LDAPROUTE_DOMAIN",
    "LDAPROUTE_DOMAIN_FILE",
    "LDAPROUTE_EQUIVALENT",
    "LDAPROUTE_EQUIVALENT_FILE",
    "LOCAL_DOMAIN",
    "LOCAL_USER",
    "MAILER",
    "MAIL_FILTER",
    "MASQUERADE_AS",
    "MASQUERADE_DOMAIN",
    "MASQUERADE_DOMAIN_FILE",
    "MASQUERADE_EXCEPTION",
    "MASQUERADE_EXCEPTION_FILE",
    "MODIFY_MAILER_FLAGS",
    "OSTYPE",
    "QUEUE_GROUP",
    "RELAY_DOMAIN",
    "RELAY_DOMAIN_FILE",
    "SITE",
    "SITECONFIG",
    "TRUST_AUTH_MECH",
    "TRUST_AUTH_REALM",
    "VERSIONID",
    "VIRTUSER_DOMAIN",
    "VIRTUSER_DOMAIN_FILE",
    "builtin",
    "changecom",
    "changequote",
    "decr",
    "define",
    "defn",
    "divert",
    "dumpdef",
    "errprint",
    "esyscmd",
    "eval",
    "format",
    "ifdef",
    "ifelse",
    "include",
    "incr",
    "index",
    "indir",
    "len",
    "m4exit",
    "m4wrap",
    "patsubst",
    "popdef",
    "pushdef",
    "regexp",
    "sinclude",
    "substr",
    "syscmd",
    "translit",
    "undefine",
    "undivert",
];

/// Macros that say which part of sendmail.cf the text behind them belongs to, in order of the alphabet.
const SECTIONS: [&str; 14] = [
    "LOCAL_CONFIG",
    "LOCAL_NET_CONFIG",
    "LOCAL_RULESETS",
    "LOCAL_RULE_0",
    "LOCAL_RULE_1",
    "LOCAL_RULE_2",
    "LOCAL_RULE_3",
    "LOCAL_SRV_FEATURES",
    "LOCAL_TLS_CLIENT",
    "LOCAL_TLS_RCPT",
    "LOCAL_TLS_SERVER",
    "LOCAL_TRY_TLS",
    "LOCAL_UUCP",
    "MAILER_DEFINITIONS",
];

pub(super) fn is_known(word: &[u8]) -> bool {
    CALLS.binary_search_by(|name| name.as_bytes().cmp(word)).is_ok()
}

pub(super) fn is_section(word: &[u8]) -> bool {
    SECTIONS.binary_search_by(|name| name.as_bytes().cmp(word)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_halving() {
        assert!(CALLS.is_sorted());
        assert!(SECTIONS.is_sorted());
        assert!(is_known(b"FEATURE") && !is_known(b"LOCAL_CONFIG") && !is_known(b""));
        assert!(is_section(b"LOCAL_CONFIG"));
    }
}

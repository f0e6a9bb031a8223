//! What a list begins from that main.cf does not set: the default, with its `$name`s, so that what they stand for still
//! counts.
//!
//! A default that depends on `compatibility_level` is the branch that holds now: `${{$compatibility_level} <level {1} ?
//! {} : {permit_mynetworks, …}}` is the list behind the colon, which a person can read and edit.

use super::Configuration;
use super::expand::{Branches, Node, parse};
use crate::syntax::logical::trim;
use crate::syntax::match_list::split_list;

/// The default of a parameter as it can be written; empty if there is none.
#[must_use]
pub fn starting_value(configuration: &Configuration, name: &[u8]) -> Vec<u8> {
    let default = configuration.default(name).unwrap_or_default();
    let parsed = parse(&default);
    let [Node::Comparison { branches: Branches { yes, no, .. }, .. }] = &parsed.nodes[..] else {
        return trim(&default).to_vec();
    };
    let text = |branch: &Option<_>| branch.as_ref().map(|branch: &super::expand::Branch| parsed.slice(branch.span));
    let comes_to = |text: &[u8]| configuration.expand(text, None).ok();
    let (yes, no) = (text(yes).unwrap_or_default(), text(no).unwrap_or_default());
    let whole = comes_to(&default);
    trim(if whole == comes_to(yes) { yes } else { no }).to_vec()
}

/// The `$name` or expression in a list that an element comes from, if the element does not stand in the list itself.
#[must_use]
pub fn comes_from<'v>(configuration: &Configuration, list: &'v [u8], element: &[u8]) -> Option<&'v [u8]> {
    let parts = || split_list(list).into_iter().map(|range| &list[range]);
    if parts().any(|part| part == element) {
        return None;
    }
    parts().filter(|part| part.contains(&b'$')).find(|part| {
        let expanded = configuration.expand(part, None).unwrap_or_default();
        split_list(&expanded).into_iter().any(|range| &expanded[range] == element)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::{ConfigFiles, Platform};
    use std::sync::Arc;

    fn configuration(main: &str) -> Configuration {
        let source = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources(std::path::Path::new("/nowhere"), &source, None);
        Configuration::new(files, Platform::default())
    }

    /// `postconf -d` of Postfix 3.11.7 on a machine with no interface but loopback, conditions by `postconf -x`.
    #[test]
    fn defaults_as_they_can_be_written() {
        let networks = "127.0.0.0/8 [::1]/128";
        let cases = [
            ("", "mydestination", "$myhostname, localhost.$mydomain, localhost"),
            ("", "local_recipient_maps", "proxy:unix:passwd.byname $alias_maps"),
            ("", "mynetworks", networks),
            ("", "relay_domains", "$mydestination"),
            ("compatibility_level = 2\n", "relay_domains", ""),
            ("", "smtpd_relay_restrictions", ""),
            (
                "compatibility_level = 3.6\n",
                "smtpd_relay_restrictions",
                "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
            ),
            ("", "debug_peer_list", ""),
            ("", "no_such_parameter", ""),
        ];
        for (main, name, expected) in cases {
            let value = starting_value(&configuration(main), name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&value), expected, "{main:?} {name}");
        }
    }

    #[test]
    fn elements_that_names_supply() {
        let configuration = configuration("x = a, b\n");
        let from = |list: &'static str, element: &str| comes_from(&configuration, list.as_bytes(), element.as_bytes());
        assert_eq!(from("c $x", "b"), Some(&b"$x"[..]));
        assert_eq!(from("b $x", "b"), None);
        assert_eq!(from("c $x", "d"), None);
    }
}

//! SEC001: trusted networks that hold strangers.

use super::faces_strangers;
use crate::base::{Source, Span};
use crate::config::listed::{Listed, listed};
use crate::config::table_reference::behind_proxy;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::domains::WrittenElements;
use crate::lint::site::set_values::{SetValue, set_values};
use crate::lint::site::{LoadedSite, Table};
use crate::maps::networks::network::{Address, Family as AddressFamily, Network};
use crate::syntax::Text;
use crate::syntax::match_list::{ElementKind, parse_elements};
use crate::syntax::pattern_table::{PatternForm, StatementKind};
use std::io;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC001",
    name: "open-networks",
    family: Family::Security,
    severity: Severity::Warning,
    summary: "mynetworks holds the whole world, or a wide public network",
    why: "Clients in mynetworks may send mail to anywhere: strangers use the server to spread spam, and others block it.",
    example: "mynetworks = 127.0.0.0/8, 0.0.0.0/0\n",
    remedy: "Name only networks whose every machine you answer for, and let other users log in.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#mynetworks",
};

/// What is not shorter than this is hardly one owner's network: the usual size of a provider's allocation.
const WIDE: [u8; 2] = [16, 32];

/// Networks that are not part of the public network.
const NOT_PUBLIC: [&str; 13] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
    "::/8",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/9",
];

/// Addresses that have nothing in common but what all have.
const PROBES: [&str; 4] = ["192.0.2.9", "203.0.113.77", "8.31.46.255", "2001:db8::9"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told: Vec<(String, Span)> = Vec::new();
    for set in set_values(site) {
        let name = set.parameter_name();
        // Behind a port of this machine alone there are no strangers.
        if set.service.is_some_and(|service| !faces_strangers(site, Some(service))) {
            continue;
        }
        let mut found = match name.as_str() {
            "mynetworks" => List::of(site, &set).found,
            "mynetworks_style" => by_class(site, &set).into_iter().collect(),
            _ => continue,
        };
        for open in found.drain(..) {
            let place = (open.source.name().to_string(), open.span);
            // A file may be named by many services.
            if told.contains(&place) {
                continue;
            }
            told.push(place);
            let mut finding =
                Finding::new(&RULE, open.message).at(&open.source, open.span, "strangers may send from here");
            if open.source.name() != set.source.name() {
                finding = finding.at(set.source, open.named_at, "named here");
            }
            findings.push(finding.help(RULE.remedy));
        }
    }
}

/// An element that trusts too many.
struct Open {
    message: String,
    source: Arc<Source>,
    span: Span,
    /// What of main.cf or master.cf it comes from.
    named_at: Span,
}

/// `mynetworks_style = class`, where it decides.
fn by_class(site: &LoadedSite, set: &SetValue) -> Option<Open> {
    let decides = site.configuration.explicit(b"mynetworks").is_none()
        && set.service.is_none_or(|service| service.value(b"mynetworks").is_none());
    let is_class = set.expanded(site)?.eq_ignore_ascii_case(b"class");
    (decides && is_class).then(|| Open {
        message: "mynetworks_style = class trusts up to 16 million addresses around each of this host".into(),
        source: Arc::clone(set.source),
        span: set.value.span(),
        named_at: set.value.span(),
    })
}

/// A list on the way: the first element that matches decides.
struct List<'a> {
    site: &'a LoadedSite,
    excluded: Vec<Network>,
    found: Vec<Open>,
}

impl<'a> List<'a> {
    fn of(site: &'a LoadedSite, set: &SetValue) -> Self {
        let mut list = Self { site, excluded: Vec::new(), found: Vec::new() };
        let Some(text) = set.expanded(site) else { return list };
        let elements = parse_elements(&Text::whole(&text));
        let read = |name: &[u8]| match site.is_whole {
            true => site.overlay.read(&site.paths.resolve(name)),
            false => Err(io::ErrorKind::NotFound.into()),
        };
        let places = WrittenElements::of(set.value);
        for one in listed(&elements, read) {
            let named_at = places.place_of(&elements[one.root].shown());
            let (source, span) = one.source.as_ref().map_or((set.source, named_at), |file| (file, one.element.span));
            list.add(&one, source, span, named_at);
        }
        list
    }

    fn add(&mut self, one: &Listed, source: &Arc<Source>, span: Span, named_at: Span) {
        let text = one.element.text.bytes();
        match one.element.kind {
            ElementKind::File => {}
            ElementKind::Table if !one.negated => self.add_table(text, source, span, named_at),
            // `[::]/0` and kin hold a colon, and so may look like tables.
            _ => {
                if let Ok(network) = Network::parse(text) {
                    self.add_network(network, one.negated, text, source, span, named_at);
                }
            }
        }
    }

    fn add_network(
        &mut self,
        network: Network,
        negated: bool,
        shown: &[u8],
        source: &Arc<Source>,
        span: Span,
        named_at: Span,
    ) {
        if negated {
            self.excluded.push(network);
        } else if !self.excluded.iter().any(|earlier| holds(earlier, &network))
            && let Some(what) = what_is_open(&network)
        {
            let message = format!("mynetworks trusts {what}: {}", String::from_utf8_lossy(shown));
            self.found.push(Open { message, source: Arc::clone(source), span, named_at });
        }
    }

    /// Whatever a table answers counts as a match.
    fn add_table(&mut self, text: &[u8], source: &Arc<Source>, span: Span, named_at: Span) {
        let text = behind_proxy(text);
        if text.starts_with(b"static:") {
            let message = "mynetworks trusts the whole world: a static: table answers for every client".into();
            self.found.push(Open { message, source: Arc::clone(source), span, named_at });
            return;
        }
        if let Ok(network) = Network::parse(text) {
            return self.add_network(network, false, text, source, span, named_at);
        }
        let table = self.site.table_named(text);
        if let Some(mut patterns) = table.and_then(Table::open_patterns) {
            if PROBES.iter().all(|address| matches!(patterns.lookup(address.as_bytes()), Ok(Some(_)))) {
                let message = "mynetworks trusts the whole world: a table of patterns matches every client".into();
                self.found.push(Open { message, source: Arc::clone(source), span, named_at });
            }
            return;
        }
        let table = table.filter(|table| table.named.reference.pattern_form() == Some(PatternForm::Network));
        let Some((rules, parsed)) = table.and_then(Table::patterns) else { return };
        let mut depth = 0_usize;
        for statement in &parsed.statements {
            match &statement.kind {
                StatementKind::If { .. } => depth += 1,
                StatementKind::Endif => depth = depth.saturating_sub(1),
                // Inside `if` a wide network stands for less.
                StatementKind::Rule { pattern, .. } if depth == 0 => {
                    let (shown, span) = (pattern.text.bytes(), pattern.text.span());
                    match Network::parse(shown) {
                        // Here `!` does not shut out, but matches all the rest.
                        Ok(_) if pattern.negated => {
                            let shown = String::from_utf8_lossy(shown);
                            let message = format!("mynetworks trusts the whole world but {shown}");
                            self.found.push(Open { message, source: Arc::clone(rules), span, named_at });
                        }
                        Ok(network) => self.add_network(network, false, shown, rules, span, named_at),
                        Err(_) => {}
                    }
                }
                StatementKind::Rule { .. } => {}
            }
        }
    }
}

fn holds(outer: &Network, inner: &Network) -> bool {
    outer.length <= inner.length && outer.contains(inner.address)
}

/// What a network holds, if that is too much.
fn what_is_open(network: &Network) -> Option<&'static str> {
    let Address { family, .. } = network.address;
    if network.length == 0 {
        return Some(match family {
            AddressFamily::V4 => "the whole IPv4 world",
            AddressFamily::V6 => "the whole IPv6 world",
        });
    }
    let widest = WIDE[usize::from(family == AddressFamily::V6)];
    let private =
        NOT_PUBLIC.iter().filter_map(|text| Network::parse(text.as_bytes()).ok()).any(|known| holds(&known, network));
    (network.length <= widest && !private).then_some("a wide public network")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Overlay;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use std::path::Path;

    #[test]
    fn a_style_counts_where_no_networks_are_named() {
        let cases = [
            ("mynetworks_style = class\n", 1),
            ("mynetworks_style = $x\nx = Class\n", 1),
            ("mynetworks_style = subnet\n", 0),
            ("mynetworks_style = class\nmynetworks = 192.0.2.0/24\n", 0),
            ("mynetworks = static:x\n", 1),
            ("mynetworks = !static:x\n", 0),
            ("mynetworks = regexp:{{/./ x}}\n", 1),
            ("mynetworks = regexp:{{/^192\\./ x}}\n", 0),
            ("mynetworks = $x, 10.0.0.0/8\nx = 0.0.0.0/1 128.0.0.0/1\n", 1),
        ];
        for (main, expected) in cases {
            let source = Arc::new(Source::new("main.cf", main));
            let files = ConfigFiles::from_sources(Path::new("."), &source, None);
            let site = LoadedSite::read(
                Site::new(Configuration::new(files, Platform::default()), PathMap::system()),
                &Overlay::default(),
            );
            let mut findings = Vec::new();
            check(&site, &mut findings);
            assert_eq!(findings.len(), expected, "{main}");
        }
    }

    #[test]
    fn networks_that_hold_strangers() {
        let (v4, v6, wide) = ("the whole IPv4 world", "the whole IPv6 world", "a wide public network");
        let cases = [
            ("0.0.0.0/0", Some(v4)),
            ("[::]/0", Some(v6)),
            ("0.0.0.0/1", Some(wide)),
            ("8.0.0.0/8", Some(wide)),
            ("203.0.0.0/16", Some(wide)),
            ("203.0.0.0/17", None),
            ("203.0.113.7", None),
            ("10.0.0.0/8", None),
            ("10.0.0.0/7", Some(wide)),
            ("172.16.0.0/12", None),
            ("172.0.0.0/8", Some(wide)),
            ("100.64.0.0/10", None),
            ("[2000::]/3", Some(wide)),
            ("[2a00::]/32", Some(wide)),
            ("[2a00::]/33", None),
            ("[fe80::]/10", None),
            ("[fd00::]/8", None),
            ("[::1]/128", None),
        ];
        for (text, expected) in cases {
            let network = Network::parse(text.as_bytes()).unwrap();
            assert_eq!(what_is_open(&network), expected, "{text}");
        }
    }
}

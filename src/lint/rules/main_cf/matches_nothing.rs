//! MC013: an element of a list that can match nothing.

use crate::config::catalogue::Kind;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC013",
    name: "matches-nothing",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "an element of a list of domains that can match nothing",
    why: "Lists of domains know no wildcards and no addresses, and those of local and virtual domains no `.example.com`: what \
          was meant by it is not matched.",
    example: "relay_domains = *.example.com\n",
    remedy: "Name each domain, or use a regexp: or pcre: table.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#relay_domains",
};

/// Lists that are searched for the whole domain only.
const WHOLE: [&str; 3] = ["mydestination", "virtual_alias_domains", "virtual_mailbox_domains"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        let is_whole = WHOLE.contains(&name.as_str());
        let is_of_domains = is_whole || set.kind(site) == Some(Kind::DomainMatchList);
        if !is_whole && !matches!(set.kind(site), Some(Kind::DomainMatchList | Kind::HostMatchList)) {
            continue;
        }
        for element in set.elements(site).into_iter().filter(|element| element.literal) {
            let text = String::from_utf8_lossy(&element.bytes).into_owned();
            let bare = text.trim_start_matches('!');
            let (why, help) = if let Some(domain) = bare.strip_prefix("*.") {
                let help = if is_whole {
                    "name each subdomain, or use a regexp: or pcre: table".to_string()
                } else {
                    format!(
                        "write .{domain} for its subdomains, or {domain} if parent_domain_matches_subdomains names {name}"
                    )
                };
                ("a * matches nothing but itself", help)
            } else if let Some(domain) = bare.strip_prefix('@') {
                ("an @ is part of no domain", format!("write {domain}"))
            } else if is_whole && bare.starts_with('.') {
                ("this list is searched for whole domains only", RULE.remedy.to_string())
            } else if let Some((why, help)) = is_of_domains.then(|| no_domain(bare)).flatten() {
                (why, help)
            } else {
                continue;
            };
            findings.push(
                Finding::new(&RULE, format!("{bare} in {name} matches nothing"))
                    .at(set.source, element.span, why)
                    .help(help),
            );
        }
    }
}

/// Why a text can be no domain that mail is for, and what to do.
fn no_domain(text: &str) -> Option<(&'static str, String)> {
    if text.starts_with('/') || text.contains(':') {
        return None;
    }
    if let Some((_, domain)) = text.rsplit_once('@') {
        return Some(("an address is no domain", format!("write {domain}, and name the address in a table")));
    }
    if text.starts_with('*') {
        return Some(("a * matches nothing but itself", "use static:all, or a regexp: or pcre: table".to_string()));
    }
    if text.contains(';') {
        return Some(("a ; is part of the name", "put commas or blanks between the elements".to_string()));
    }
    if let Some(domain) = text.strip_suffix('.').filter(|domain| !domain.is_empty()) {
        return Some(("domains are compared without a dot at the end", format!("write {domain}")));
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Some(("an address literal has brackets", format!("write [{text}]")));
    }
    text.starts_with('$')
        .then(|| ("a $ is part of no domain", "write one $ before the name of a parameter".to_string()))
}

//! MC033: elements of postscreen's lists that it does not know.

use crate::base::suggest;
use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::mail::address_filter::AddressFilter;
use crate::mail::host_name::is_host_name;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC033",
    name: "bad-postscreen-list",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "an element of postscreen_dnsbl_sites or postscreen_access_list that postscreen does not know",
    why: "postscreen ends when it starts for a site, filter or weight in postscreen_dnsbl_sites that it cannot read, and nobody reaches \
          the server. At an unknown word of postscreen_access_list it leaves the rest of the list out, with a warning for each client.",
    example: "postscreen_dnsbl_sites = zen.example=127.0.0.[2-11]*3\n",
    remedy: "A site is domain=filter*weight without blanks; the words of the access list are permit_mynetworks, permit, reject, dunno and \
             type:table.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#postscreen_dnsbl_sites",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        let is_sites = match &*name {
            "postscreen_dnsbl_sites" => true,
            "postscreen_access_list" => false,
            _ => continue,
        };
        for element in set.elements(site) {
            let text = String::from_utf8_lossy(&element.bytes);
            // Quotes have a rule of their own.
            if text.contains(['"', '\'']) {
                continue;
            }
            let finding =
                if is_sites {
                    let Some(wrong) = site_fault(&text) else { continue };
                    Finding::new(&RULE, format!("{text}: {wrong}")).at(
                        set.source,
                        element.span,
                        "postscreen does not start",
                    )
                } else {
                    if text.contains(':') || is_action(&text) {
                        continue;
                    }
                    let finding = Finding::new(&RULE, format!("postscreen has no {text}"))
                        .severity(Severity::Warning)
                        .at(set.source, element.span, "from here on the list counts for nothing");
                    match suggest(&text, actions().iter().copied()).first() {
                        Some(similar) => {
                            findings.push(finding.help(format!("did you mean {similar}?")));
                            continue;
                        }
                        None => finding,
                    }
                };
            findings.push(finding.help(RULE.remedy));
        }
    }
}

/// Whether a text is a word of the access list.
pub fn is_action(text: &str) -> bool {
    actions().iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// The words of the access list.
fn actions() -> &'static [&'static str] {
    catalogue::parameter("postscreen_access_list").map_or(&[], |list| list.allowed)
}

/// What is wrong with `domain=filter*weight`.
fn site_fault(text: &str) -> Option<&'static str> {
    let (rest, weight) = text.split_once('*').map_or((text, None), |(rest, weight)| (rest, Some(weight)));
    let (domain, filter) = rest.split_once('=').map_or((rest, None), |(domain, filter)| (domain, Some(filter)));
    let is_number = |weight: &str| {
        let digits = weight.strip_prefix(['-', '+']).unwrap_or(weight);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if weight.is_some_and(|weight| !is_number(weight)) {
        return Some("the weight behind the * is no number");
    }
    if filter.is_some_and(|filter| AddressFilter::parse(filter.as_bytes()).is_err()) {
        return Some("no address filter of four parts such as 127.0.0.[2;4..6]");
    }
    (!is_host_name(domain.as_bytes())).then_some("its domain is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As postscreen of Postfix 3.11.7 starts or not.
    #[test]
    fn sites_that_postscreen_takes() {
        let weight = Some("the weight behind the * is no number");
        let filter = Some("no address filter of four parts such as 127.0.0.[2;4..6]");
        let domain = Some("its domain is none");
        let cases = [
            ("zen.example=127.0.0.[2..11]*3", None),
            ("a.example*-2", None),
            ("b.example*+2", None),
            ("c.example*0", None),
            ("zen.example=[127.0.0.2]*2", None),
            ("zen_x.example", None),
            ("zen.example*99999999999", None),
            ("reject_rbl_client", None),
            ("zen.example*", weight),
            ("c*x", weight),
            ("a.example*2x", weight),
            ("zen.example*3=127.0.0.2", weight),
            ("zen.example=127.0.0.[2-11]*3", filter),
            ("zen.example=127.0.0*3", filter),
            ("a.example=127.0.0.2=3", filter),
            ("zen.example=", filter),
            ("zen.example=256.0.0.1", filter),
            ("*3", domain),
            ("a.example.", domain),
            ("a..b", domain),
            ("-a.example", domain),
            ("=127.0.0.2", domain),
            ("http://zen.example", domain),
            ("127.0.0.1", domain),
            ("zen.example;", domain),
        ];
        for (text, expected) in cases {
            assert_eq!(site_fault(text), expected, "{text}");
        }
    }
}

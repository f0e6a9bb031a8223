//! MC019: a list of TLS protocols that holds a word which is none, or that leaves out all of today's.

use crate::config::catalogue::{Kind, Version};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC019",
    name: "bad-tls-protocols",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a list of TLS protocols with a word that is none, or that leaves out TLS 1.2 and 1.3",
    why: "With a word that Postfix does not know, TLS is not offered, or mail that needs it is deferred. A protocol that stands without `!` \
          is the only one that is allowed, and most peers of today speak none below TLS 1.2.",
    example: "smtpd_tls_protocols = !SSLv2, !SSLv3, TLSv1\n",
    remedy: "Write >=TLSv1.2, or before Postfix 3.6 !SSLv2, !SSLv3, !TLSv1, !TLSv1.1.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#smtpd_tls_protocols",
};

/// The protocols, oldest first.
const PROTOCOLS: [&str; 6] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
/// The first of those that are in use today.
const TODAY: usize = 4;
/// The first Postfix that knows bounds.
const BOUNDS: Version = Version::new(3, 6);

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        if set.kind(site) != Some(Kind::TlsProtocolList) {
            continue;
        }
        let Some(value) = set.expanded(site) else { continue };
        let text = String::from_utf8_lossy(&value).into_owned();
        let name = set.parameter_name();
        let span = set.value.span();
        match allowed(&text, site.configuration.platform.target) {
            Err((word, help)) => findings.push(
                Finding::new(&RULE, format!("{word} in {name} is no TLS protocol"))
                    .at(set.source, span, "here")
                    .help(help),
            ),
            Ok(allowed) if !allowed[TODAY..].contains(&true) => {
                let left: Vec<&str> = PROTOCOLS
                    .iter()
                    .zip(allowed)
                    .filter(|(_, is_allowed)| *is_allowed)
                    .map(|(name, _)| *name)
                    .collect();
                let left = if left.is_empty() { "nothing".to_string() } else { left.join(" and ") };
                let message = format!("{name} allows {left}: neither TLS 1.2 nor 1.3");
                findings.push(Finding::new(&RULE, message).at(set.source, span, "here").help(RULE.remedy));
            }
            Ok(_) => {}
        }
    }
}

/// Which protocols a list allows; or the word that is none, and what to write.
fn allowed(text: &str, target: Version) -> Result<[bool; 6], (String, String)> {
    let mut included = [false; 6];
    let mut excluded = [false; 6];
    let (mut floor, mut ceiling) = (0, PROTOCOLS.len() - 1);
    for word in text.split([' ', '\t', '\r', '\n', ',', ':']).filter(|word| !word.is_empty()) {
        let bound =
            word.strip_prefix(">=").map(|name| (name, true)).or(word.strip_prefix("<=").map(|name| (name, false)));
        if let Some((name, is_floor)) = bound.filter(|_| target >= BOUNDS) {
            // A version in hexadecimal digits is the library's business.
            if name.starts_with("0x") {
                continue;
            }
            let at = number(name).ok_or_else(|| unknown(word, name))?;
            if is_floor {
                floor = at
            } else {
                ceiling = at
            }
            continue;
        }
        let (name, marked) = word.strip_prefix('!').map_or((word, false), |name| (name, true));
        let at = number(name).ok_or_else(|| unknown(word, name))?;
        if marked { excluded[at] = true } else { included[at] = true }
    }
    let names_some = included.contains(&true);
    Ok(std::array::from_fn(|at| (!names_some || included[at]) && !excluded[at] && (floor..=ceiling).contains(&at)))
}

fn number(name: &str) -> Option<usize> {
    PROTOCOLS.iter().position(|known| known.eq_ignore_ascii_case(name))
}

/// The word, and what was meant by it.
fn unknown(word: &str, name: &str) -> (String, String) {
    let digits: String = name.chars().filter(|char| char.is_ascii_digit() || *char == '.').collect();
    let meant =
        PROTOCOLS.iter().rev().find(|known| known.trim_start_matches("TLSv").trim_start_matches("SSLv") == digits);
    let help = match (word.strip_prefix("=>").or(word.strip_prefix("=<")), meant) {
        (Some(_), Some(meant)) => format!("write {}={meant}", if word.starts_with("=>") { '>' } else { '<' }),
        (None, Some(meant)) => format!("did you mean {meant}?"),
        _ => format!("the protocols are {}", PROTOCOLS.join(", ")),
    };
    (word.to_string(), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As smtpd of Postfix 3.11.7 reads them.
    #[test]
    fn lists_of_protocols() {
        let shown = |text: &str| match allowed(text, Version::new(3, 11)) {
            Ok(allowed) => allowed.map(|one| if one { 'y' } else { '-' }).iter().collect::<String>(),
            Err((word, help)) => format!("{word}: {help}"),
        };
        let cases = [
            ("", "yyyyyy"),
            ("!SSLv2, !SSLv3", "--yyyy"),
            ("!SSLv2, !SSLv3, TLSv1", "--y---"),
            (">=TLSv1.2", "----yy"),
            ("<=TLSv1.1:>=TLSv1", "--yy--"),
            ("tlsv1.2 tlsv1.3", "----yy"),
            ("TLS1.2", "TLS1.2: did you mean TLSv1.2?"),
            ("=>TLSv1.2", "=>TLSv1.2: write >=TLSv1.2"),
            ("!TLSv1.4", "!TLSv1.4: the protocols are SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"),
            ("!SSLv2;!SSLv3", "!SSLv2;!SSLv3: the protocols are SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert!(allowed(">=TLSv1.2", Version::new(3, 5)).is_err());
    }
}

//! MC018: a Milter that is not written as a transport and an endpoint.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC018",
    name: "bad-milter",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a Milter that is not written as a transport and an endpoint",
    why: "The SMTP server answers `421 4.3.5 Server configuration problem` to every client, or ends when one connects. Postfix writes \
          inet:host:port where Sendmail writes inet:port@host.",
    example: "smtpd_milters = inet:8891@localhost\n",
    remedy: "Write inet:host:port, or unix:pathname.",
    fix: None,
    link: "https://www.postfix.org/MILTER_README.html",
};

/// The lists.
const LISTS: [&str; 2] = ["smtpd_milters", "non_smtpd_milters"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        if !LISTS.contains(&name.as_str()) {
            continue;
        }
        for element in set.elements(site) {
            let text = String::from_utf8_lossy(&element.bytes).into_owned();
            // `{ inet:host:port, timeout = 3s }`
            let inside = text.strip_prefix('{').map_or(text.as_str(), |rest| rest.trim_end_matches('}').trim());
            let endpoint = inside.split([' ', '\t', ',']).next().unwrap_or_default();
            if endpoint == "static:no" || endpoint.contains('$') {
                continue;
            }
            let Some((why, help)) = fault(endpoint) else { continue };
            findings.push(
                Finding::new(&RULE, format!("{endpoint} names no Milter: {why}"))
                    .at(set.source, element.span, "here")
                    .help(help),
            );
        }
    }
}

/// What is wrong with an endpoint, and what was meant.
fn fault(text: &str) -> Option<(String, String)> {
    let Some((transport, rest)) = text.split_once(':') else {
        let help = if text.starts_with('/') { format!("write unix:{text}") } else { RULE.remedy.to_string() };
        return Some(("a transport must stand before it".into(), help));
    };
    match transport {
        "unix" | "local" if rest.is_empty() => Some(("the pathname is missing".into(), RULE.remedy.to_string())),
        "unix" | "local" => None,
        "inet" => match rest.split_once('@') {
            Some((port, host)) => {
                Some(("Sendmail's order of port and host".into(), format!("write inet:{host}:{port}")))
            }
            None if rest.is_empty() => Some(("host and port are missing".into(), RULE.remedy.to_string())),
            None => None,
        },
        _ => {
            let help = match rest.bytes().all(|byte| byte.is_ascii_digit()) && !rest.is_empty() {
                true => format!("write inet:{text}"),
                false => RULE.remedy.to_string(),
            };
            Some((format!("{transport} is no transport"), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    /// As smtpd of Postfix 3.11.7 takes them.
    #[test]
    fn endpoints() {
        let cases = [
            ("inet:localhost:8891", ""),
            ("unix:/run/opendkim/opendkim.sock", ""),
            ("local:opendkim/opendkim.sock", ""),
            ("inet:[::1]:8891", ""),
            ("inet:8891@localhost", "write inet:localhost:8891"),
            ("localhost:8891", "write inet:localhost:8891"),
            ("/run/x.sock", "write unix:/run/x.sock"),
            ("unix:", "Write inet:host:port, or unix:pathname."),
            ("opendkim", "Write inet:host:port, or unix:pathname."),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text).map_or_else(String::new, |(_, help)| help), expected, "{text}");
        }
    }
}

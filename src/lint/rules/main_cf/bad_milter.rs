//! MC018: a Milter that is not written as a transport and an endpoint.

use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use crate::lint::site::table_results::each_result;
use crate::lint::site::uses::written_uses;
use crate::mail::host_port::host_and_port;
use crate::syntax::match_list::split_list;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC018",
    name: "bad-milter",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a Milter that is not written as a transport and an endpoint",
    why: "The SMTP server answers `421 4.3.5 Server configuration problem` to every client, or ends when one connects; so it does for \
          `name = value` in braces, which has to be written without blanks. Postfix writes \
          inet:host:port where Sendmail writes inet:port@host.",
    example: "smtpd_milters = inet:8891@localhost\n",
    remedy: "Write inet:host:port, or unix:pathname.",
    fix: None,
    link: "https://www.postfix.org/MILTER_README.html",
};

/// What may be set of one Milter.
const OPTIONS: [&str; 5] = ["command_timeout", "connect_timeout", "content_timeout", "default_action", "protocol"];
/// The table of Milters for some clients.
const TABLE: &str = "smtpd_milter_maps";
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
            let Some((message, help)) = of_element(&text) else { continue };
            findings.push(Finding::new(&RULE, message).at(set.source, element.span, "here").help(help));
        }
    }
    in_tables(site, findings);
}

/// The Milters that a table names for some clients; `DISABLE` is for none.
fn in_tables(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in site.tables.iter().filter(|table| written_uses(table).all(|named| named.parameter == TABLE)) {
        each_result(table, |result| {
            let text = String::from_utf8_lossy(result.value()).into_owned();
            let milters = split_list(text.as_bytes()).into_iter().map(|range| &text[range]);
            if result.is_template() || text.trim().eq_ignore_ascii_case("DISABLE") {
                return;
            }
            let Some((message, help)) = milters.filter_map(of_element).next() else { return };
            let Some((source, span)) = result.place() else { return };
            findings.push(Finding::new(&RULE, message).at(source, span, "here").help(help));
        });
    }
}

/// What is wrong with an element, which may be `{ inet:host:port, name=value }`, and what to do.
fn of_element(text: &str) -> Option<(String, String)> {
    let inside = match text.strip_prefix('{') {
        Some(rest) => match rest.strip_suffix('}') {
            Some(inside) => inside,
            None => return Some((format!("{text} has no }} at its end"), "close the brace".to_string())),
        },
        None => text,
    };
    let mut words = split_list(inside.as_bytes()).into_iter().map(|range| &inside[range]);
    let endpoint = words.next().unwrap_or_default();
    if endpoint == "static:no" || text.contains('$') {
        return None;
    }
    if let Some((why, help)) = fault(endpoint) {
        return Some((format!("{endpoint} names no Milter: {why}"), help));
    }
    words.filter(|_| inside.len() < text.len()).find_map(|word| {
        let option = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(word);
        match option.split_once('=') {
            Some((name, value)) if OPTIONS.contains(&name.trim()) => of_option(name.trim(), value.trim()),
            Some((name, _)) if !name.is_empty() => Some((
                format!("a Milter has no setting {}", name.trim()),
                format!("the settings are {}", OPTIONS.join(", ")),
            )),
            _ => {
                let help = "write name=value without blanks, or { name = value } in braces of its own".to_string();
                Some((format!("{word} of {endpoint} is not written as name=value"), help))
            }
        }
    })
}

/// What is wrong with the value of a setting, which is one for all Milters too.
fn of_option(name: &str, value: &str) -> Option<(String, String)> {
    let of_all = catalogue::parameter(&format!("milter_{name}"))?;
    let (is_good, help) = match name {
        "protocol" => (matches!(value, "2" | "3" | "4" | "6"), "write 6, or leave it out".to_string()),
        "default_action" => (of_all.allowed.contains(&value), format!("the actions are {}", of_all.allowed.join(", "))),
        _ => {
            let digits = value.strip_suffix(['s', 'm', 'h', 'd', 'w']).unwrap_or(value);
            let is_time = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            (is_time, "write a number with s, m, h, d or w behind it".to_string())
        }
    };
    (!is_good).then(|| (format!("{name} of a Milter cannot be {value}"), help))
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
            None => host_and_port(rest).err().map(|words| (words.to_string(), RULE.remedy.to_string())),
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
    use super::of_element;

    /// As smtpd of Postfix 3.11.7 takes them.
    #[test]
    fn endpoints() {
        let remedy = "Write inet:host:port, or unix:pathname.";
        let blanks = "write name=value without blanks, or { name = value } in braces of its own";
        let cases = [
            ("inet:localhost:8891", ""),
            ("inet:8891", ""),
            ("unix:/run/opendkim/opendkim.sock", ""),
            ("local:opendkim/opendkim.sock", ""),
            ("inet:[::1]:8891", ""),
            ("{ inet:localhost:8891, default_action=accept }", ""),
            ("{ inet:localhost:8891, { default_action = accept } }", ""),
            ("inet:8891@localhost", "write inet:localhost:8891"),
            ("localhost:8891", "write inet:localhost:8891"),
            ("/run/x.sock", "write unix:/run/x.sock"),
            ("unix:", remedy),
            ("opendkim", remedy),
            ("inet:localhost:8891:x", remedy),
            ("inet:[::1:8891", remedy),
            ("inet:localhost:", remedy),
            ("{inet:localhost:8891", "close the brace"),
            ("{inet:localhost:8891, protocol=9}", "write 6, or leave it out"),
            ("{inet:localhost:8891, connect_timeout=ten}", "write a number with s, m, h, d or w behind it"),
            (
                "{inet:localhost:8891, default_action=tempfial}",
                "the actions are accept, reject, tempfail, shutdown, quarantine",
            ),
            ("{ inet:localhost:8891, default_action = accept }", blanks),
            (
                "{inet:localhost:8891, timeout=10s}",
                "the settings are command_timeout, connect_timeout, content_timeout, default_action, protocol",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(of_element(text).map_or_else(String::new, |(_, help)| help), expected, "{text}");
        }
    }
}

//! MC027: an account of the mail system that is not there, or that has too many privileges.

use crate::config::catalogue::Kind;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::accounts::Accounts;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC027",
    name: "bad-account",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "an account of the mail system that is not there, or that has too many privileges",
    why: "No program of Postfix starts if mail_owner, default_privs or setgid_group names no account (a number is none), if one of \
          them is root's, or if the first two are the same: `fatal: … parameter mail_owner: unknown user name value`.",
    example: "default_privs = root\n",
    remedy: "Name an account of the machine that owns nothing else.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#default_privs",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let (accounts, what) = match set.kind(site) {
            Some(Kind::User) => (Accounts::Users, "user"),
            Some(Kind::Group) => (Accounts::Groups, "group"),
            _ => continue,
        };
        let name = String::from_utf8_lossy(&set.expanded(site).unwrap_or_default()).into_owned();
        // Quotes have a rule of their own.
        if name.is_empty() || name.contains(['"', '\'', ' ']) {
            continue;
        }
        let parameter = set.parameter_name();
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        let is_owner = parameter == "default_privs" && name.as_bytes() == site.expanded("mail_owner");
        let (message, severity) = if name == "root" {
            (format!("{parameter} must not be root"), Severity::Error)
        } else if is_owner {
            (format!("default_privs and mail_owner are both {name}"), Severity::Error)
        } else if !accounts.has(site, &name) {
            // The machine that a checkout is for may have other accounts.
            let severity = if site.is_checkout() && !is_number { Severity::Info } else { Severity::Error };
            (format!("there is no {what} {name}"), severity)
        } else {
            continue;
        };
        let label = match severity {
            Severity::Error => "no program of Postfix starts",
            _ => "no program of Postfix starts unless its machine has it",
        };
        findings.push(
            Finding::new(&RULE, message)
                .severity(severity)
                .at(set.source, set.value.span(), label)
                .help(format!("name a {what} of the machine that owns nothing else")),
        );
    }
}

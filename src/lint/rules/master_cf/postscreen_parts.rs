//! MS013: postscreen without the services that it hands clients to.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS013",
    name: "postscreen-parts",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "postscreen without the services that it hands clients to, or asks",
    why: "postscreen passes each good client on to the service smtpd of type pass, asks DNS lists through dnsblog and speaks TLS through \
          tlsproxy. Without the first no mail comes in; without the others the tests and TLS do not work.",
    example: "smtp inet n - n - 1 postscreen\n",
    remedy: "Add the lines of the stock master.cf.",
    fix: None,
    link: "https://www.postfix.org/POSTSCREEN_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let Some(master) = &files.master else { return };
    let Some(screen) = files.services.iter().find(|service| service.line.command().bytes() == b"postscreen") else {
        return;
    };
    let value = |name: &[u8]| site.configuration.expanded(name, Some(screen)).unwrap_or_default();
    let has = |name: &[u8], kind: &[u8]| {
        files.services.iter().any(|service| {
            let last = service.line.name().bytes().rsplit(|&byte| byte == b'/').next();
            last == Some(name) && service.line.service_type().bytes() == kind
        })
    };
    let mut missing = Vec::new();
    if !has(b"smtpd", b"pass") {
        missing.push(("smtpd of type pass", "no client gets any further", "smtpd pass - - n - - smtpd"));
    }
    if !value(b"postscreen_dnsbl_sites").is_empty() && !has(b"dnsblog", b"unix") {
        missing.push(("dnsblog", "postscreen_dnsbl_sites cannot be asked", "dnsblog unix - - n - 0 dnsblog"));
    }
    let level = value(b"postscreen_tls_security_level");
    let speaks_tls = !matches!(level.as_slice(), b"" | b"none");
    if speaks_tls && !has(b"tlsproxy", b"unix") {
        missing.push(("tlsproxy", "clients get no TLS", "tlsproxy unix - - n - 0 tlsproxy"));
    }
    for (what, effect, line) in missing {
        findings.push(
            Finding::new(&RULE, format!("postscreen has no service {what}: {effect}"))
                .at(master.tree.source(), screen.line.command().span(), "needs it")
                .help(format!("add the line: {line}")),
        );
    }
}

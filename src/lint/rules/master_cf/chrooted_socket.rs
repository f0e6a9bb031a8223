//! MS016: a socket by its absolute pathname, for a service that works in a chroot jail.

use crate::base::{Source, Span};
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::hops::{each_hop, transport_service};
use crate::lint::site::restriction_lists::{restriction_list, walk};
use crate::lint::site::set_values::set_values;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS016",
    name: "chrooted-socket",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a socket by its absolute pathname, for a service that works in a chroot jail",
    why: "The root of such a service is the queue directory: /var/spool/postfix/private/auth is looked for in \
          /var/spool/postfix/var/spool/postfix/private/auth, and there is `No such file or directory`.",
    example: "smtp inet n - y - - smtpd -o smtpd_sasl_path=/var/spool/postfix/private/auth\n",
    remedy: "Name the socket from the queue directory on, such as private/auth, or write n in the fifth field of the service.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Parameters that name sockets, and the daemon that connects to them.
const SOCKETS: [(&str, &[u8]); 3] =
    [("non_smtpd_milters", b"cleanup"), ("smtpd_milters", b"smtpd"), ("smtpd_sasl_path", b"smtpd")];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let mut told: Vec<(String, Span)> = Vec::new();
    let mut tell = |service: &Service, path: &str, source: &Arc<Source>, span: Span| {
        let place = (source.name().to_string(), span);
        if told.contains(&place) {
            return;
        }
        told.push(place);
        findings.push(finding(site, service, path, source, span).at(
            master.tree.source(),
            service.line.fields[4].span(),
            "works in the queue directory",
        ));
    };
    let jailed = |service: &&Service| service.line.fields[4].bytes() == b"y";
    let services = || site.configuration.files.services.iter().filter(jailed);
    for set in set_values(site) {
        let name = set.parameter_name();
        let Some((_, daemon)) = SOCKETS.iter().find(|(parameter, _)| *parameter == name) else { continue };
        let reader = services().find(|service| {
            let reads =
                set.service.map_or(service.value(set.name.bytes()).is_none(), |own| std::ptr::eq(own, *service));
            let is_dovecot = || {
                let plugin = site.configuration.expanded(b"smtpd_sasl_type", Some(service)).unwrap_or_default();
                plugin == b"dovecot"
            };
            service.line.command().bytes() == *daemon && reads && (name != "smtpd_sasl_path" || is_dovecot())
        });
        let Some(reader) = reader else { continue };
        for element in set.elements(site) {
            let text = String::from_utf8_lossy(&element.bytes).into_owned();
            let path = if name == "smtpd_sasl_path" { Some(text.as_str()) } else { socket(&text) };
            if let Some(path) = path.filter(|path| path.starts_with('/')) {
                tell(reader, path, set.source, element.span);
            }
        }
    }
    for service in services().filter(|service| service.line.command().bytes() == b"smtpd") {
        for known in crate::config::catalogue::restriction_lists() {
            let list = restriction_list(site, known.parameter, Some(service));
            let Some((source, _)) = &list.place else { continue };
            walk(site, &list, Some(service), &mut |step, span| {
                let server = step.argument.as_deref().filter(|_| step.name() == "check_policy_service");
                if let Some(path) = server.and_then(socket) {
                    tell(service, path, source, span);
                }
                false
            });
        }
    }
    each_hop(site, |hop| {
        let service = transport_service(site, hop.transport()).filter(jailed);
        let nexthop = String::from_utf8_lossy(hop.nexthop()).into_owned();
        let Some(service) = service.filter(|service| service.line.command().bytes() == b"lmtp") else { return };
        if let (Some(path), Some((source, span))) = (socket(&nexthop), hop.nexthop_place(0..nexthop.len())) {
            tell(service, path, source, span);
        }
    });
}

/// The absolute pathname in `unix:/run/x`, which may stand in braces with settings.
fn socket(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['{', ' ', '\t']);
    let path = text.strip_prefix("unix:").or_else(|| text.strip_prefix("local:"))?;
    let end = path.find([',', ' ', '\t', '}']).unwrap_or(path.len());
    Some(&path[..end]).filter(|path| path.starts_with('/'))
}

fn finding(site: &LoadedSite, service: &Service, path: &str, source: &Arc<Source>, span: Span) -> Finding {
    let queue = String::from_utf8_lossy(&site.expanded("queue_directory")).trim_end_matches('/').to_string();
    let message = format!("{} looks for {path} below {queue}", service.label());
    let inside = path.strip_prefix(&queue).and_then(|rest| rest.strip_prefix('/'));
    match inside {
        Some(inside) => Finding::new(&RULE, message)
            .at(source, span, "not there")
            .help(format!("write {inside}, which is looked for in the queue directory with a jail and without")),
        // Some do make a second /run in the queue directory.
        None => Finding::new(&RULE, message)
            .severity(Severity::Info)
            .at(source, span, format!("not there, unless {queue}{path} is"))
            .help(RULE.remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::socket;

    #[test]
    fn absolute_pathnames() {
        let cases = [
            ("unix:/run/a.sock", Some("/run/a.sock")),
            ("{ unix:/run/a.sock, timeout=3s }", Some("/run/a.sock")),
            ("local:/run/a.sock", Some("/run/a.sock")),
            ("unix:private/a", None),
            ("inet:localhost:8891", None),
        ];
        for (text, expected) in cases {
            assert_eq!(socket(text), expected, "{text}");
        }
    }
}

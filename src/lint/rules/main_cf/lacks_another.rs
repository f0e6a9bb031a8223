//! MC020: a setting without another one that it needs.

use crate::base::{Source, Span};
use crate::config::catalogue::restriction_lists;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{restriction_list, smtp_servers, walk};
use crate::lint::site::set_values::{SetValue, set_values};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC020",
    name: "lacks-another",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a setting that has no effect, or breaks mail, without another one that it needs",
    why: "Some parameters work in pairs: TLS in the SMTP server needs a certificate, Dovecot a socket, a test of logins a table of them.",
    example: "smtpd_tls_security_level = may\n",
    remedy: "Set the other parameter too, or remove this one.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Where the SMTP server's certificate may stand.
const CERTIFICATES: [&str; 4] =
    ["smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_dcert_file", "smtpd_tls_eccert_file"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let value = set.expanded(site).unwrap_or_default();
        let is = |word: &str| value.eq_ignore_ascii_case(word.as_bytes());
        let told = match set.parameter_name().as_str() {
            "smtpd_tls_security_level" if is("may") || is("encrypt") => without_certificate(site, &set),
            "smtpd_use_tls" | "smtpd_enforce_tls" if is("yes") => without_certificate(site, &set),
            "smtpd_sasl_type" if is("dovecot") => without_socket(site, &set),
            "smtp_tls_wrappermode" | "lmtp_tls_wrappermode" if is("yes") => wrapped_without_tls(site, &set),
            "smtp_tls_security_level" | "lmtp_tls_security_level" => client_level(site, &set, &value),
            "smtp_sasl_password_maps" => senders_without_switch(site, &set),
            _ => None,
        };
        let Some((message, label, help)) = told else { continue };
        findings.push(Finding::new(&RULE, message).at(set.source, set.value.span(), label).help(help));
    }
    login_tests(site, findings);
    postscreen(site, findings);
}

/// What is said, at the place, and to do.
type Told = (String, &'static str, String);

fn value(site: &LoadedSite, set: &SetValue, parameter: &str) -> Vec<u8> {
    site.configuration.expanded(parameter.as_bytes(), set.service).unwrap_or_default()
}

fn without_certificate(site: &LoadedSite, set: &SetValue) -> Option<Told> {
    let is_empty = |name: &&str| matches!(value(site, set, name).as_slice(), b"" | b"none");
    CERTIFICATES.iter().all(is_empty).then(|| {
        (
            format!("{} without a certificate: the SMTP server offers no TLS", set.parameter_name()),
            "no smtpd_tls_chain_files, no smtpd_tls_cert_file",
            "set smtpd_tls_chain_files to a file with the key and the certificate".to_string(),
        )
    })
}

fn without_socket(site: &LoadedSite, set: &SetValue) -> Option<Told> {
    let is_on = value(site, set, "smtpd_sasl_auth_enable").eq_ignore_ascii_case(b"yes");
    // The default is a name for Cyrus.
    (is_on && value(site, set, "smtpd_sasl_path") == b"smtpd").then(|| {
        (
            "Dovecot is asked at a socket called smtpd: the SMTP server ends".to_string(),
            "smtpd_sasl_path is not set",
            "set smtpd_sasl_path to the socket of Dovecot, such as private/auth".to_string(),
        )
    })
}

/// TLS from the first byte on, where none need be spoken.
fn wrapped_without_tls(site: &LoadedSite, set: &SetValue) -> Option<Told> {
    let level_name = set.parameter_name().replace("wrappermode", "security_level");
    let level = value(site, set, &level_name).to_ascii_lowercase();
    let policies = set.parameter_name().replace("wrappermode", "policy_maps");
    let is_weak = matches!(level.as_slice(), b"" | b"none" | b"may");
    (is_weak && value(site, set, &policies).is_empty()).then(|| {
        (
            format!("{} needs {level_name} = encrypt or stronger: all mail is put off", set.parameter_name()),
            "TLS is not demanded",
            format!("set {level_name} = encrypt"),
        )
    })
}

/// A level of a client that needs something else.
fn client_level(site: &LoadedSite, set: &SetValue, level: &[u8]) -> Option<Told> {
    let name = set.parameter_name();
    let of_client = |what: &str| value(site, set, &name.replace("tls_security_level", what));
    match level.to_ascii_lowercase().as_slice() {
        b"fingerprint" if of_client("tls_fingerprint_cert_match").is_empty() => {
            let parameter = name.replace("security_level", "fingerprint_cert_match");
            Some((
                format!("{name} without {parameter}: mail is put off"),
                "no fingerprint is known",
                format!(
                    "set {parameter}, or name the fingerprints in {}",
                    name.replace("security_level", "policy_maps")
                ),
            ))
        }
        b"dane" | b"dane-only" if !of_client("dns_support_level").eq_ignore_ascii_case(b"dnssec") => {
            let parameter = name.replace("tls_security_level", "dns_support_level");
            Some((
                format!("{name} without {parameter} = dnssec: DANE is not used"),
                "no DNSSEC, no DANE",
                format!("set {parameter} = dnssec"),
            ))
        }
        b"verify" | b"secure" if trusts_nobody(site, set, &name) => {
            let parameter = name.replace("security_level", "CAfile");
            Some((
                format!("{name} without {parameter}: no certificate is trusted, and mail is put off"),
                "no authority is known",
                format!("set {parameter} to the file of the authorities that your system trusts"),
            ))
        }
        _ => None,
    }
}

/// Whether a client knows no authority that could have signed a certificate.
fn trusts_nobody(site: &LoadedSite, set: &SetValue, level_name: &str) -> bool {
    let of_client = |what: &str| value(site, set, &level_name.replace("security_level", what));
    let files = ["CAfile", "CApath", "trust_anchor_file"];
    let appends = value(site, set, "tls_append_default_CA").eq_ignore_ascii_case(b"yes");
    !appends && files.iter().all(|what| of_client(what).is_empty())
}

fn senders_without_switch(site: &LoadedSite, set: &SetValue) -> Option<Told> {
    if set.service.is_some() || value(site, set, "smtp_sender_dependent_authentication").eq_ignore_ascii_case(b"yes") {
        return None;
    }
    let tables = site.tables_of("smtp_sasl_password_maps");
    let (_, entries, entry) = tables.all().find(|(_, entries, entry)| {
        let key = entries.key(entry);
        memchr::memchr(b'@', key).is_some_and(|at| at + 1 < key.len())
    })?;
    let key = String::from_utf8_lossy(entries.key(entry)).into_owned();
    Some((
        format!("the passwords of senders such as {key} are never looked up"),
        "asked for the relay host only",
        "set smtp_sender_dependent_authentication = yes, or write the relay host in place of the sender".to_string(),
    ))
}

/// Tests of who may use a sender address, with no table that says so.
fn login_tests(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told: Vec<(String, Span)> = Vec::new();
    for service in smtp_servers(site) {
        let value = |name: &[u8]| site.configuration.expanded(name, service).unwrap_or_default();
        let is_on = value(b"smtpd_sasl_auth_enable").eq_ignore_ascii_case(b"yes");
        if is_on && !value(b"smtpd_sender_login_maps").is_empty() {
            continue;
        }
        for known in restriction_lists() {
            let list = restriction_list(site, known.parameter, service);
            let Some((source, _)) = &list.place else { continue };
            walk(site, &list, service, &mut |step, span| {
                let is_test = step.name().contains("sender_login_mismatch")
                    && step.name() != "reject_known_sender_login_mismatch";
                let place = (source.name().to_string(), span);
                if is_test && !told.contains(&place) {
                    findings.push(of_test(step.name(), is_on, source, span));
                    told.push(place);
                }
                false
            });
        }
    }
}

fn of_test(name: &str, is_on: bool, source: &Arc<Source>, span: Span) -> Finding {
    if !is_on {
        return Finding::new(&RULE, format!("{name} has no effect: nobody can log in"))
            .at(source, span, "smtpd_sasl_auth_enable is not set")
            .help("set smtpd_sasl_auth_enable = yes, or remove the restriction");
    }
    let effect = match name {
        "reject_unauthenticated_sender_login_mismatch" => "it has no effect",
        _ => "every sender of a client that has logged in is rejected",
    };
    Finding::new(&RULE, format!("{name} without smtpd_sender_login_maps: {effect}"))
        .at(source, span, "no table says who owns an address")
        .help("set smtpd_sender_login_maps, or remove the restriction")
}

/// Settings of a postscreen that does not run.
fn postscreen(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    if files.master.is_none() || files.services.iter().any(|service| service.line.command().bytes() == b"postscreen") {
        return;
    }
    let set = set_values(site);
    let mut of_postscreen =
        set.iter().filter(|set| set.service.is_none() && set.name.bytes().starts_with(b"postscreen_"));
    let Some(first) = of_postscreen.next() else { return };
    let others = of_postscreen.count();
    let more = if others == 0 { String::new() } else { format!(", nor {others} more settings of postscreen") };
    findings.push(
        Finding::new(&RULE, format!("nothing reads {}{more}", first.parameter_name()))
            .severity(Severity::Info)
            .at(first.source, first.name.span(), "master.cf has no service that runs postscreen")
            .help("add a service that runs postscreen to master.cf, or remove the settings"),
    );
}

//! MC016: a file that is named and is not there: certificates and keys, the files of match lists, what a chroot jail
//! needs.

use crate::base::regular_file::NotRegular;
use crate::config::catalogue::{Kind, default_chroot};
use crate::config::expand::CompatibilityLevel;
use crate::config::listed::{Unread, listed};
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::domains::{WrittenElements, place_of};
use crate::lint::site::set_values::{SetValue, set_values};
use crate::syntax::Text;
use crate::syntax::match_list::{Element, parse_elements, split_list};
use std::cell::LazyCell;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC016",
    name: "missing-file",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a certificate, a key, the file of a match list or a file of the chroot jail that is not there",
    why: "Without a certificate or key that it was told of, Postfix switches TLS off: clients are put off, and mail that must be \
          encrypted is not sent. Without the file of a list every lookup in the list fails for the time being. In a chroot \
          jail names of hosts and ports are not found.",
    example: "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = /etc/postfix/tls/mail.pem\n",
    remedy: "Correct the path, or put the file there.",
    fix: None,
    link: "https://www.postfix.org/TLS_README.html",
};

/// Lists without which mail is put off; others are only complained about.
const NEEDED_LISTS: [&str; 9] = [
    "masquerade_exceptions",
    "mydestination",
    "mynetworks",
    "permit_mx_backup_networks",
    "relay_domains",
    "smtpd_authorized_xclient_hosts",
    "smtpd_authorized_xforward_hosts",
    "virtual_alias_domains",
    "virtual_mailbox_domains",
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    // Alone, a file tells nothing about others.
    if !site.is_whole {
        return;
    }
    for set in set_values(site) {
        let Some(kind) = set.kind(site) else { continue };
        match kind {
            Kind::Path | Kind::PathList => paths(site, &set, findings),
            _ if kind.is_match_list() => {
                let Some(text) = set.expanded(site) else { continue };
                list_files(site, &set, &parse_elements(&Text::whole(&text)), findings);
            }
            _ => {}
        }
    }
    jail(site, findings);
}

/// Whether the check can see where a file should be, and it is not there.
fn is_missing(site: &LoadedSite, name: &[u8]) -> bool {
    let path = site.paths.resolve(name);
    let absent = std::fs::metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    name.starts_with(b"/") && absent && site.paths.in_scope(&path)
}

/// The files of a list, and those that they name.
fn list_files(site: &LoadedSite, set: &SetValue, elements: &[Element], findings: &mut Vec<Finding>) {
    let places = LazyCell::new(|| WrittenElements::of(set.value));
    for one in listed(elements, |name| site.overlay.read(&site.paths.resolve(name))) {
        let name = one.element.text.bytes();
        let Some(Err(Unread::Io(error))) = &one.file else { continue };
        let shown = String::from_utf8_lossy(name);
        let (message, label) = if is_missing(site, name) {
            (format!("{shown} does not exist"), format!("lookups in {} fail for the time being", set.parameter_name()))
        } else if error.kind() == std::io::ErrorKind::IsADirectory {
            (format!("{shown} is a directory"), format!("programs that read {} end", set.parameter_name()))
        } else if NotRegular::of(error).is_some() {
            (format!("{shown} is {error}"), format!("programs that read {} may wait for ever", set.parameter_name()))
        } else {
            continue;
        };
        let mut finding = match &one.source {
            Some(file) => Finding::new(&RULE, message).at(file, one.element.span, label),
            None => Finding::new(&RULE, message).at(set.source, places.place_of(&one.element.shown()), label),
        };
        if !NEEDED_LISTS.contains(&set.parameter_name().as_str()) {
            finding.severity = Severity::Warning;
        }
        if one.source.is_some() {
            finding = finding.at(set.source, set.value.span(), "named here");
        }
        findings.push(finding.help(RULE.remedy));
    }
}

/// The files that TLS needs.
fn paths(site: &LoadedSite, set: &SetValue, findings: &mut Vec<Finding>) {
    let name = set.parameter_name();
    let Some((owner, file)) = File::of(&name) else { return };
    let Some(value) = set.expanded(site) else { return };
    for range in split_list(&value) {
        let path = &value[range];
        if !is_missing(site, path) {
            continue;
        }
        let Some((effect, mut severity)) = effect(site, set.service, owner, file) else { continue };
        // Keys are rarely kept where configurations are.
        if site.is_checkout() {
            severity = Severity::Info;
        }
        let message = format!("{} does not exist", String::from_utf8_lossy(path));
        let finding = Finding::new(&RULE, message).at(set.source, place_of(set.value, path), effect);
        findings.push(finding.severity(severity).help(RULE.remedy));
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    /// Certificates and keys in one.
    Chain,
    /// A certificate, or its key.
    Pair,
    /// Who is trusted.
    Authorities,
    /// Whose signature a verified server needs.
    Anchors,
    /// A directory of who is trusted.
    AuthorityDirectory,
    /// Parameters for a way to agree on keys.
    Group,
    /// Texts of bounces.
    Texts,
}

impl File {
    /// Whose file a parameter names, and what for.
    fn of(parameter: &str) -> Option<(&str, Self)> {
        const ENDS: [(&str, File); 11] = [
            ("_chain_files", File::Chain),
            ("_dcert_file", File::Pair),
            ("_dkey_file", File::Pair),
            ("_eccert_file", File::Pair),
            ("_eckey_file", File::Pair),
            ("_cert_file", File::Pair),
            ("_key_file", File::Pair),
            ("_CAfile", File::Authorities),
            ("_trust_anchor_file", File::Anchors),
            ("_CApath", File::AuthorityDirectory),
            ("_dh1024_param_file", File::Group),
        ];
        match parameter {
            "bounce_template_file" => return Some(("", Self::Texts)),
            // All of TLS asks for it.
            "tls_config_file" => return Some(("smtpd_tls", Self::Authorities)),
            _ => {}
        }
        let found = ENDS.iter().find_map(|(end, file)| Some((parameter.strip_suffix(end)?, *file)));
        found.filter(|(owner, _)| owner.contains("tls"))
    }
}

/// What comes of it that a file is not there; nothing if it is not asked for.
fn effect(site: &LoadedSite, service: Option<&Service>, owner: &str, file: File) -> Option<(&'static str, Severity)> {
    let expanded = |name: &str, service: Option<&Service>| {
        String::from_utf8_lossy(&site.configuration.expanded(name.as_bytes(), service).unwrap_or_default()).into_owned()
    };
    if file == File::Pair && !expanded(&format!("{owner}_chain_files"), service).trim().is_empty() {
        return None;
    }
    match file {
        File::Group => return Some(("Postfix takes what it was built with", Severity::Warning)),
        File::AuthorityDirectory => return Some(("Postfix trusts nobody for it", Severity::Warning)),
        File::Texts => return Some(("bounce(8) ends at once, and nothing is returned to senders", Severity::Error)),
        File::Chain | File::Pair | File::Authorities | File::Anchors => {}
    }
    // What main.cf says holds for the services too.
    let services = site.configuration.files.services.iter().map(Some);
    let all: Vec<Option<&Service>> =
        if service.is_some() { vec![service] } else { std::iter::once(None).chain(services).collect() };
    if file == File::Anchors {
        let level = |service| expanded(&format!("{owner}_security_level"), service);
        let verifies = all.into_iter().any(|service| matches!(level(service).as_str(), "verify" | "secure"));
        return Some(if verifies {
            ("servers cannot be verified, and mail for them waits", Severity::Error)
        } else {
            ("servers could not be verified", Severity::Info)
        });
    }
    let yes = |name: String, service| expanded(&name, service).eq_ignore_ascii_case("yes");
    let is_client = matches!(owner, "smtp_tls" | "lmtp_tls" | "tlsproxy_client");
    let old = owner.strip_suffix("_tls").unwrap_or(owner);
    let mut uses = all.into_iter().map(|service| {
        let level = expanded(&format!("{owner}_security_level"), service);
        match level.as_str() {
            "" if yes(format!("{old}_enforce_tls"), service) || yes(format!("{owner}_wrappermode"), service) => {
                Use::Always
            }
            "" if yes(format!("{old}_use_tls"), service) => Use::Maybe,
            "" | "none" if !yes(format!("{owner}_wrappermode"), service) => Use::Never,
            "may" => Use::Maybe,
            _ => Use::Always,
        }
    });
    let most = uses.by_ref().max().unwrap_or(Use::Never);
    Some(match (most, is_client) {
        (Use::Never, _) => ("TLS could not be switched on", Severity::Info),
        (Use::Maybe, true) => ("mail is sent without TLS", Severity::Warning),
        (Use::Always, true) => ("TLS is off, and mail that needs it waits", Severity::Error),
        (_, false) => ("TLS is off, and clients that ask for it are put off", Severity::Error),
    })
}

/// What a program that looks up hosts and ports reads, once it is shut up in the queue directory.
const JAIL_FILES: [&str; 3] = ["/etc/resolv.conf", "/etc/hosts", "/etc/services"];

/// What fills the jail when Debian's package starts Postfix.
const JAIL_FILLER: &[u8] = b"/usr/lib/postfix/configure-instance.sh";

/// Files of the system that the jail of services on the network lacks.
fn jail(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let configuration = &site.configuration;
    let Some(master) = &configuration.files.master else { return };
    let queue = site.expanded("queue_directory");
    let root = site.paths.resolve(&queue);
    if !site.paths.in_scope(&root) || !root.is_dir() || site.paths.resolve(JAIL_FILLER).exists() {
        return;
    }
    let level = CompatibilityLevel::parse(&site.expanded("compatibility_level"));
    let by_default = default_chroot(configuration.platform.target, level.is_some_and(|level| level.major == 0));
    let jailed = configuration.files.services.iter().map(|service| &service.line).find(|line| {
        let is_on_network = matches!(line.command().bytes(), b"smtp" | b"smtpd" | b"lmtp");
        let chroot = line.fields[4].bytes();
        is_on_network && (chroot == b"y" || chroot == b"-" && by_default)
    });
    let Some(jailed) = jailed else { return };
    for name in JAIL_FILES {
        let inside = [queue.as_slice(), name.as_bytes()].concat();
        if site.paths.resolve(name.as_bytes()).exists() && is_missing(site, &inside) {
            let message = format!("{} does not exist", String::from_utf8_lossy(&inside));
            let label = format!("{} runs in {}", jailed.name().to_string_lossy(), String::from_utf8_lossy(&queue));
            findings.push(
                Finding::new(&RULE, message)
                    .at(master.tree.source(), jailed.fields[4].span(), label)
                    .severity(Severity::Warning)
                    .help(format!("copy {name} there when Postfix starts, or write n in the field chroot")),
            );
        }
    }
}

/// How much TLS is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Never,
    Maybe,
    Always,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Overlay;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};

    #[test]
    fn jails_need_what_the_system_has() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let write = |name: &str, text: &str| {
            let path = scratch.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
            std::fs::write(path, text)
        };
        write("etc/resolv.conf", "")?;
        write("etc/hosts", "")?;
        write("var/spool/postfix/etc/hosts", "")?;
        write("etc/postfix/main.cf", "compatibility_level = 3.6\n")?;
        let found = |chroot: &str| -> std::io::Result<Vec<String>> {
            write("etc/postfix/master.cf", &format!("smtp inet n - {chroot} - - smtpd\n"))?;
            let files = ConfigFiles::load(&scratch.path().join("etc/postfix")).map_err(|failed| failed.error)?;
            let site = LoadedSite::read(
                Site::new(Configuration::new(files, Platform::default()), PathMap::root(scratch.path())),
                &Overlay::default(),
            );
            let mut findings = Vec::new();
            check(&site, &mut findings);
            Ok(findings.into_iter().map(|finding| finding.message).collect())
        };
        assert_eq!(found("y")?, ["/var/spool/postfix/etc/resolv.conf does not exist"]);
        assert_eq!(found("n")?, [""; 0]);
        assert_eq!(found("-")?, [""; 0]);
        write("etc/postfix/main.cf", "")?;
        assert_eq!(found("-")?.len(), 1);
        // Debian's package fills the jail by itself.
        write("usr/lib/postfix/configure-instance.sh", "")?;
        assert_eq!(found("y")?, [""; 0]);
        Ok(())
    }

    #[test]
    fn parameters_say_whose_file_it_is() {
        let cases = [
            ("smtpd_tls_cert_file", Some(("smtpd_tls", File::Pair))),
            ("smtpd_tls_dcert_file", Some(("smtpd_tls", File::Pair))),
            ("smtp_tls_eckey_file", Some(("smtp_tls", File::Pair))),
            ("tlsproxy_client_CAfile", Some(("tlsproxy_client", File::Authorities))),
            ("tlsproxy_tls_chain_files", Some(("tlsproxy_tls", File::Chain))),
            ("lmtp_tls_CApath", Some(("lmtp_tls", File::AuthorityDirectory))),
            ("smtpd_tls_dh1024_param_file", Some(("smtpd_tls", File::Group))),
            ("smtpd_tls_dh512_param_file", None),
            ("bounce_template_file", Some(("", File::Texts))),
            ("tls_config_file", Some(("smtpd_tls", File::Authorities))),
            ("maillog_file", None),
            ("my_key_file", None),
        ];
        for (name, expected) in cases {
            assert_eq!(File::of(name), expected, "{name}");
        }
    }
}

//! SEC004: a file with passwords or a private key that everybody on the machine may read.

use crate::base::user_file;
use crate::config::catalogue::{self, Kind, MapFile};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::domains::place_of;
use crate::lint::site::set_values::set_values;
use crate::lint::site::uses::at_uses;
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::match_list::split_list;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC004",
    name: "readable-secret",
    family: Family::Security,
    severity: Severity::Warning,
    summary: "a file with passwords or a private key that everybody may read",
    why: "Every user and every program on the machine can read the secret and use it elsewhere.",
    example: "smtp_sasl_password_maps = lmdb:/etc/postfix/sasl_passwd\n",
    remedy: "Let root own the file, and run `chmod 600` on it and on its index.",
    fix: None,
    link: "https://www.postfix.org/SASL_README.html#client_sasl_enable",
};

/// A file with a private key is no longer than this.
const MOST_BYTES: u64 = 1 << 20;

/// Settings of clients of databases that hold a secret.
const SECRET_SETTINGS: [&[u8]; 3] = [b"password", b"bind_pw", b"uri"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    // Alone, a file tells nothing about others.
    if !site.is_whole {
        return;
    }
    for table in &site.tables {
        let is_for_passwords =
            table.named.uses.iter().any(|named| named.parameter.ends_with("sasl_password_maps") && !named.cache);
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        let name = table.named.reference.name_lossy();
        let map_type = table.named.reference.map_type.as_str();
        if is_for_passwords && let Some(source) = &table.source_path {
            files.push((source.clone(), name.clone()));
            if let (Some((index, _)), Some(known)) = (&table.index, catalogue::map_type(map_type)) {
                let suffix = known.suffixes.first().unwrap_or(&"");
                files.push((index.clone(), format!("{name}{suffix}")));
            }
        }
        if is_client(map_type) && name.starts_with('/') {
            let path = site.paths.resolve(&table.named.reference.name);
            if has_password(site, &path) {
                files.push((path, name));
            }
        }
        files.retain(|(path, _)| everybody_reads(site, path));
        let Some((_, first)) = files.first() else { continue };
        let all: Vec<&str> = files.iter().map(|(_, shown)| shown.as_str()).collect();
        let message = format!("everybody may read the passwords in {first}");
        let help = if is_client(map_type) {
            format!("run `chmod 600 {0}`; if proxymap opens it, `chgrp postfix {0}` and `chmod 640`", all.join(" "))
        } else {
            format!("run `chmod 600 {}`", all.join(" "))
        };
        findings.push(at_uses(Finding::new(&RULE, message).severity(severity(site)).help(help), table));
    }
    for set in set_values(site) {
        let name = set.parameter_name();
        let holds_key = ["key_file", "cert_file", "_chain_files"].iter().any(|end| name.ends_with(end));
        if !name.contains("tls") || !holds_key || !matches!(set.kind(site), Some(Kind::Path | Kind::PathList)) {
            continue;
        }
        let Some(value) = set.expanded(site) else { continue };
        for range in split_list(&value) {
            let path = site.paths.resolve(&value[range.clone()]);
            if !everybody_reads(site, &path) || !has_private_key(&path) {
                continue;
            }
            let shown = String::from_utf8_lossy(&value[range.clone()]).into_owned();
            let finding = Finding::new(&RULE, format!("everybody may read the private key in {shown}"));
            let span = place_of(set.value, &value[range]);
            let finding = finding.at(set.source, span, "named here").severity(severity(site));
            findings.push(finding.help(format!("run `chmod 600 {shown}`")));
        }
    }
}

/// How bad it is: a checkout keeps no modes, as git does not.
fn severity(site: &LoadedSite) -> Severity {
    if site.is_checkout() { Severity::Info } else { RULE.severity }
}

/// Whether a type's name is a file with the settings of a client.
fn is_client(map_type: &str) -> bool {
    catalogue::map_type(map_type).is_some_and(|known| known.file == MapFile::Client)
}

/// Whether a file is there, belongs to the site, and lets everybody read it.
fn everybody_reads(site: &LoadedSite, path: &Path) -> bool {
    if !site.paths.in_scope(path) {
        return false;
    }
    let Ok(about) = std::fs::metadata(path) else { return false };
    let open = about.is_file() && about.permissions().mode() & 0o004 != 0;
    // On the machine itself a closed directory keeps people out as well; where a copy lies says nothing.
    open && (!site.is_system || everybody_comes_to(path))
}

/// Whether everybody may pass through the directories above a file.
fn everybody_comes_to(path: &Path) -> bool {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    real.ancestors()
        .skip(1)
        .all(|directory| std::fs::metadata(directory).map_or(true, |about| about.permissions().mode() & 0o001 != 0))
}

/// Whether the settings of a client hold a password.
fn has_password(site: &LoadedSite, path: &Path) -> bool {
    let Ok(source) = site.overlay.read(path) else { return false };
    parse_main_cf(&source).entries.iter().any(|entry| {
        let value = entry.value.bytes();
        let is_one = SECRET_SETTINGS.contains(&entry.name.bytes()) && !value.is_empty();
        // `mongodb://user:password@host`
        is_one && (entry.name.bytes() != b"uri" || memchr::memchr(b'@', value).is_some())
    })
}

fn has_private_key(path: &Path) -> bool {
    let short = std::fs::metadata(path).is_ok_and(|about| about.len() <= MOST_BYTES);
    short
        && user_file::read(path, MOST_BYTES)
            .is_ok_and(|text| memchr::memmem::find(&text, b"PRIVATE KEY-----").is_some())
}

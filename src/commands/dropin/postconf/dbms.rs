//! Parameters of database clients: in main.cf under a prefix (`ldap:name` reads `name_server_host`), or in a file of their own.
//!
//! Source: ldap_table(5), mysql_table(5), pgsql_table(5), sqlite_table(5), memcache_table(5), mongodb_table(5).

use crate::syntax::logical::LogicalLines;
use crate::syntax::main_cf::split_assignment;
use crate::syntax::match_list::split_list;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const LDAP: &[&str] = &[
    "bind",
    "bind_dn",
    "bind_pw",
    "cache",
    "cache_expiry",
    "cache_size",
    "chase_referrals",
    "debuglevel",
    "dereference",
    "domain",
    "expansion_limit",
    "leaf_result_attribute",
    "query_filter",
    "recursion_limit",
    "result_attribute",
    "result_filter",
    "result_format",
    "sasl_authz_id",
    "sasl_mechs",
    "sasl_minssf",
    "sasl_realm",
    "scope",
    "search_base",
    "server_host",
    "server_port",
    "size_limit",
    "special_result_attribute",
    "start_tls",
    "terminal_result_attribute",
    "timeout",
    "tls_ca_cert_dir",
    "tls_ca_cert_file",
    "tls_cert",
    "tls_cipher_suite",
    "tls_key",
    "tls_random_file",
    "tls_require_cert",
    "version",
];
const MYSQL: &[&str] = &[
    "additional_conditions",
    "charset",
    "dbname",
    "domain",
    "expansion_limit",
    "hosts",
    "idle_interval",
    "option_file",
    "option_group",
    "password",
    "query",
    "require_result_set",
    "result_format",
    "retry_interval",
    "select_field",
    "table",
    "tls_CAfile",
    "tls_CApath",
    "tls_cert_file",
    "tls_ciphers",
    "tls_key_file",
    "tls_verify_cert",
    "user",
    "where_field",
];
const PGSQL: &[&str] = &[
    "additional_conditions",
    "dbname",
    "domain",
    "encoding",
    "expansion_limit",
    "hosts",
    "idle_interval",
    "password",
    "query",
    "result_format",
    "retry_interval",
    "select_field",
    "select_function",
    "table",
    "user",
    "where_field",
];
const SQLITE: &[&str] = &[
    "additional_conditions",
    "dbpath",
    "domain",
    "expansion_limit",
    "query",
    "result_format",
    "select_field",
    "table",
    "where_field",
];
const MEMCACHE: &[&str] = &[
    "backup",
    "data_size_limit",
    "domain",
    "flags",
    "key_digest",
    "key_format",
    "line_size_limit",
    "max_try",
    "memcache",
    "retry_pause",
    "timeout",
    "ttl",
];
const MONGODB: &[&str] = &[
    "collection",
    "dbname",
    "domain",
    "expansion_limit",
    "projection",
    "query_filter",
    "result_attribute",
    "result_format",
    "uri",
];

/// Where a client's parameters are.
#[derive(Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// In main.cf: `prefix_suffix`.
    Prefix {
        /// The names behind the prefix.
        suffixes: &'static [&'static str],
        /// The table's name.
        prefix: &'a [u8],
    },
    /// In a file.
    File {
        /// The map type.
        map_type: &'a str,
        /// The file.
        path: &'a [u8],
        /// The names that it may hold.
        suffixes: &'static [&'static str],
    },
}

fn suffixes(map_type: &[u8]) -> Option<&'static [&'static str]> {
    match map_type {
        b"ldap" => Some(LDAP),
        b"mysql" => Some(MYSQL),
        b"pgsql" => Some(PGSQL),
        b"sqlite" => Some(SQLITE),
        b"memcache" => Some(MEMCACHE),
        b"mongodb" => Some(MONGODB),
        _ => None,
    }
}

/// The database clients that a value names, at any depth of braces.
#[must_use]
pub fn sources(value: &[u8]) -> Vec<Source<'_>> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(text) = pending.pop() {
        for range in split_list(text) {
            let mut word = &text[range];
            while let Some(inner) = word.strip_prefix(b"proxy:").or_else(|| word.strip_prefix(b"debug:")) {
                word = inner;
            }
            if let Some(inner) = braced(word) {
                pending.push(inner);
                continue;
            }
            let Some(colon) = memchr::memchr(b':', word) else { continue };
            let (map_type, name) = (&word[..colon], &word[colon + 1..]);
            match (suffixes(map_type), std::str::from_utf8(map_type), name.first()) {
                (None, _, Some(b'{')) => pending.extend(braced(name)),
                (Some(_), _, None | Some(b'{')) | (None, ..) | (_, Err(_), _) => {}
                (Some(suffixes), Ok(map_type), Some(b'/' | b'.')) => {
                    found.push(Source::File { map_type, path: name, suffixes });
                }
                (Some(suffixes), Ok(_), Some(_)) => found.push(Source::Prefix { suffixes, prefix: name }),
            }
        }
    }
    found
}

fn braced(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"{")?.strip_suffix(b"}")
}

/// Warnings about names in a client's file that the client does not read.
///
/// # Errors
/// The warning that the file cannot be opened.
pub fn check_file(map_type: &str, path: &[u8], suffixes: &[&str]) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    let file = std::path::Path::new(OsStr::from_bytes(path));
    let read = match std::fs::metadata(file) {
        Ok(metadata) if !metadata.is_file() => Err("not a regular file".to_string()),
        Ok(_) => std::fs::read(file).map_err(|error| crate::maps::types::system_words(&error)),
        Err(error) => Err(crate::maps::types::system_words(&error)),
    };
    let text = read.map_err(|words| {
        [b"open \"", map_type.as_bytes(), b"\" configuration \"", path, b"\": ", words.as_bytes()].concat()
    })?;
    let mut warnings = Vec::new();
    for line in LogicalLines::new(&text) {
        let line = line.text(&text);
        let Ok((name, _, value)) = split_assignment(&line) else { continue };
        if !suffixes.iter().any(|suffix| suffix.as_bytes() == &line[name.clone()]) {
            let head = [map_type.as_bytes(), b":", path, b": unused parameter: "].concat();
            warnings.push([&head, &line[name], b"=", &line[value]].concat());
        }
    }
    Ok(warnings)
}

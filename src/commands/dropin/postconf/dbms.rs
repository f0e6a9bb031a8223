//! Parameters of database clients: in main.cf under a prefix (`ldap:name` reads `name_server_host`), or in a file of
//! their own.
//!
//! Source: ldap_table(5), mysql_table(5), pgsql_table(5), sqlite_table(5), memcache_table(5), mongodb_table(5).

use crate::base::{Source, system_words};
use crate::commands::dropin::program::context;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::expand::MAX_NESTING;
use crate::syntax::FaultKind;
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::match_list::{closing_brace, split_list};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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

/// What a value names, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A client's parameters in main.cf: `prefix_suffix`.
    Prefix {
        /// The names behind the prefix.
        suffixes: &'static [&'static str],
        /// The table's name.
        prefix: &'a [u8],
    },
    /// A client's parameters in a file.
    File {
        /// The map type.
        map_type: &'static str,
        /// The file.
        path: &'a [u8],
        /// The names that it may hold.
        suffixes: &'static [&'static str],
    },
    /// A word that looks like the beginning of a comment; no word behind it is looked at.
    Comment {
        /// The word.
        word: &'a [u8],
        /// What stands behind it and its separator.
        rest: &'a [u8],
    },
    /// Braces that are not closed, or text right behind them; what is inside is looked at.
    Brace {
        /// Which of both.
        kind: FaultKind,
        /// From the brace to the end of the word.
        text: &'a [u8],
    },
}

/// The clients, with the names that their files may hold.
const CLIENTS: [(&str, &[&str]); 6] = [
    ("ldap", LDAP),
    ("mysql", MYSQL),
    ("pgsql", PGSQL),
    ("sqlite", SQLITE),
    ("memcache", MEMCACHE),
    ("mongodb", MONGODB),
];

/// The database clients that a value names, at any depth of braces.
#[must_use]
pub fn find(value: &[u8]) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let mut pending = vec![(value, false, 0)];
    while let Some((text, is_pattern, depth)) = pending.pop() {
        if depth > MAX_NESTING {
            // Each level is read again: nobody nests tables so deeply, and who does would wait for ever.
            continue;
        }
        for range in split_list(text) {
            let mut word = &text[range.clone()];
            // In a pattern it is a character like any other.
            if word.starts_with(b"#") && !is_pattern {
                found.push(Found::Comment { word, rest: text.get(range.end + 1..).unwrap_or_default() });
                break;
            }
            if word.starts_with(b"{") {
                pending.push((inside(word, &mut found), is_pattern, depth + 1));
                continue;
            }
            while let Some(inner) = word.strip_prefix(b"proxy:").or_else(|| word.strip_prefix(b"debug:")) {
                word = inner;
            }
            let Some(colon) = memchr::memchr(b':', word) else { continue };
            let (map_type, name) = (&word[..colon], &word[colon + 1..]);
            let client = CLIENTS.iter().find(|(client, _)| client.as_bytes() == map_type);
            match (client, name.first()) {
                (None, Some(b'{')) => {
                    let is_pattern = is_pattern || matches!(map_type, b"pcre" | b"regexp");
                    pending.push((inside(name, &mut found), is_pattern, depth + 1));
                }
                (Some(&(map_type, suffixes)), Some(b'/')) => found.push(Found::File { map_type, path: name, suffixes }),
                // A name with a dot in front is an old way to say that it is a file's.
                (Some(_), None | Some(b'{' | b'.')) | (None, _) => {}
                (Some((_, suffixes)), Some(_)) => found.push(Found::Prefix { suffixes, prefix: name }),
            }
        }
    }
    found
}

/// What is inside the braces with which a word begins.
fn inside<'a>(text: &'a [u8], found: &mut Vec<Found<'a>>) -> &'a [u8] {
    let close = closing_brace(text, 0);
    let kind = match close {
        None => Some(FaultKind::UnclosedBrace),
        Some(close) => (close + 1 < text.len()).then_some(FaultKind::TextAfterBrace),
    };
    found.extend(kind.map(|kind| Found::Brace { kind, text }));
    &text[1..close.unwrap_or(text.len())]
}

/// Warnings about names in a client's file that the client does not read; what is wrong with the file itself is said at
/// once.
///
/// # Errors
/// A line with which Postfix would not go on.
pub fn check_file(map_type: &str, path: &[u8], suffixes: &[&str], messages: &Messages) -> Result<Vec<Vec<u8>>, Fatal> {
    let file = Path::new(OsStr::from_bytes(path));
    let read = match std::fs::metadata(file) {
        Ok(metadata) if !metadata.is_file() => Err("not a regular file".to_string()),
        Ok(_) => Source::read(file).map_err(|error| system_words(&error)),
        Err(error) => Err(system_words(&error)),
    };
    let source = match read {
        Ok(source) => source,
        Err(words) => {
            let head = [b"open \"", map_type.as_bytes(), b"\" configuration \"", path, b"\": "].concat();
            messages.warning([head.as_slice(), words.as_bytes()].concat());
            return Ok(Vec::new());
        }
    };
    let parsed = parse_main_cf(&source);
    context::check(&parsed, path, None, messages)?;
    let settings: BTreeMap<&[u8], &[u8]> =
        parsed.entries.iter().map(|entry| (entry.name.bytes(), entry.value.bytes())).collect();
    let unused = settings.iter().filter(|(name, _)| !suffixes.iter().any(|suffix| suffix.as_bytes() == **name));
    let head = [map_type.as_bytes(), b":", path, b": unused parameter: "].concat();
    Ok(unused.map(|(name, value)| [&head, *name, b"=", value].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let each = find(value.as_bytes()).into_iter().map(|found| match found {
            Found::Prefix { prefix, .. } => text(prefix),
            Found::File { map_type, path, .. } => format!("file {map_type} {}", text(path)),
            Found::Comment { word, rest } => format!("comment {} {}", text(word), text(rest)),
            Found::Brace { kind, text: braces } => format!("{kind:?} {}", text(braces)),
        });
        each.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn tables_of_clients_and_what_is_wrong_around_them() {
        let cases = [
            ("mysql:a, ldap:/b hash:c MYSQL:d", "a; file ldap /b"),
            ("proxy:debug:mysql:a proxy:{mysql:b} maybe:mysql:c", "a"),
            ("pipemap:{mysql:a, {mysql:b}} mysql:{c}", "a; b"),
            ("mysql: mysql:./a mysql:a:b", "a:b"),
            ("mysql:a #b,c  d mysql:e", "a; comment #b c  d mysql:e"),
            ("{#a mysql:b} mysql:c", "c; comment #a mysql:b"),
            ("{mysql:a}{mysql:b}", "TextAfterBrace {mysql:a}{mysql:b}; a"),
            ("unionmap:{mysql:a", "UnclosedBrace {mysql:a; a"),
            ("}#a {", "UnclosedBrace {"),
            ("pcre:{{/^#x/ a}, {# y}} regexp:{ #x mysql:a }", "a"),
            ("cidr:{{#x y}} inline:{ {#a=b} }", "comment #a=b ; comment #x y"),
        ];
        for (value, expected) in cases {
            assert_eq!(found(value), expected, "{value:?}");
        }
    }
}

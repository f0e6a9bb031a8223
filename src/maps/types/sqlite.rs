//! `sqlite:` — an SQLite database, asked by an SQL query.
//!
//! The database is opened for reading only, once. A key is put into the query with its quotes doubled; of each row the
//! first column counts. A query that SQLite refuses is an error that lasts. Source: sqlite_table(5).

use crate::base::system_words;
use crate::maps::client::{ClientParameters, DomainFilter, Templates};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::error::no_sequence;
use crate::maps::table::{Answer, Caller, LookupTable, OpenNamed, OpenOptions};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, OpenFlags, Row};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An open `sqlite:` table.
pub struct SqliteTable {
    name: Vec<u8>,
    database: Connection,
    templates: Templates,
    domain: Option<DomainFilter>,
    limit: i32,
    options: OpenOptions,
}

impl SqliteTable {
    /// Opens the database that the client file NAME describes, or main.cf under that name; tables of domains are opened
    /// by `open`.
    ///
    /// # Errors
    /// For what is wrong with the parameters, and a database that cannot be opened.
    pub fn open(name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        let parameters = ClientParameters::open(name, &options.caller)?;
        let named = parameters.filled("dbpath", "")?;
        let path = options.opener.as_ref().map_or_else(|| named.clone(), |opener| opener.path(&named));
        let query = match parameters.text("query", "") {
            empty if empty.is_empty() => older_query(&parameters)?,
            query => query,
        };
        warn_of_bare_parts(name, &query, &*options.caller);
        let result = parameters.filled("result_format", "%s")?;
        let limit = parameters.number("expansion_limit", 0)?;
        let templates = Templates::new("sqlite", name, &query, &result)?;
        let domain = DomainFilter::open(&parameters.text("domain", ""), name, options, open)?;
        let database = open_database(&path).map_err(|words| {
            LookupError::config(&[b"sqlite:", name, b": open database ", &named, b": ", words.as_bytes()].concat())
        })?;
        Ok(Self { name: name.to_vec(), database, templates, domain, limit, options: options.clone() })
    }

    /// An error of a lookup in the words of Postfix, which end in a newline that is shown as `?`.
    fn complain(&self, what: &str, words: &str) -> Vec<u8> {
        [b"dict_sqlite_lookup: ", &self.name[..], b": ", what.as_bytes(), b": ", words.as_bytes(), b"\n"].concat()
    }

    fn no_answer(&self) -> LookupError {
        LookupError::retry(&[b"table sqlite:", &self.name[..], b": query error: Application error"].concat())
    }

    fn ask(&self, key: &[u8], query: &str) -> Answer {
        let caller = &*self.options.caller;
        let failed = |step: &str, error: &rusqlite::Error| {
            let what = format!("SQL {step} failed for query '{query}'");
            self.complain(&what, &library_words(error))
        };
        // Of several statements the first counts, as it does for the library.
        let mut batch = Batch::new(&self.database, query);
        let statement = batch
            .next()
            .map_err(|error| LookupError::config(&self.complain("SQL prepare failed", &library_words(&error))))?;
        let Some(mut statement) = statement else {
            let what = format!("SQL step failed for query '{query}'");
            caller.warning(&self.complain(&what, "not an error"));
            return Err(self.no_answer());
        };
        let mut results = self.templates.results(key, self.limit, caller);
        let mut rows = statement.raw_query();
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let Some(value) = first_column(row, &self.database) else { continue };
                    if results.add(&value).is_err() {
                        let words = [
                            &b"dict_sqlite_lookup: "[..],
                            &self.name,
                            b": Expansion limit exceeded for key '",
                            key,
                            b"'",
                        ];
                        caller.warning(&words.concat());
                        return Err(self.no_answer());
                    }
                }
                Ok(None) => return Ok(results.finish()),
                Err(error) => {
                    caller.warning(&failed("step", &error));
                    return Err(LookupError::config(&failed("finalize", &error)));
                }
            }
        }
    }
}

/// The query of the parameters that came before `query`.
fn older_query(parameters: &ClientParameters) -> Result<Vec<u8>, LookupError> {
    let table = parameters.filled("table", "")?;
    let select = parameters.filled("select_field", "")?;
    let place = parameters.filled("where_field", "")?;
    let conditions = parameters.text("additional_conditions", "");
    Ok([b"SELECT ", &select[..], b" FROM ", &table, b" WHERE ", &place, b"='%s' ", &conditions].concat())
}

/// Warns of parts of the key that stand outside of single quotes. Within either kind of quotes the other one is text.
fn warn_of_bare_parts(name: &[u8], query: &[u8], caller: &dyn Caller) {
    let mut quote = None;
    let mut at = 0;
    while let Some(&byte) = query.get(at) {
        match (byte, query.get(at + 1)) {
            (b'\'' | b'"', _) if quote.is_none() => quote = Some(byte),
            (b'\'' | b'"', _) if quote == Some(byte) => quote = None,
            (b'%', Some(&next)) => {
                at += 1;
                if quote != Some(b'\'') && next != b'%' {
                    let words: [&[u8]; 7] = [
                        b"sqlite:",
                        name,
                        b": query >",
                        query,
                        b"< contains >",
                        &[b'%', next],
                        b"< without the recommended '' quotes",
                    ];
                    caller.warning(&words.concat());
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Opens a database for reading, or says why not.
fn open_database(path: &[u8]) -> Result<Connection, String> {
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| {
        let words = library_words(&error);
        // The library that we use names the file behind its words.
        let words = words.strip_suffix(&format!(": {}", path.display())).unwrap_or(&words);
        let system = match std::fs::File::open(path) {
            Err(error) => system_words(&error),
            Ok(_) if path.is_dir() => system_words(&std::io::Error::from_raw_os_error(libc::EISDIR)),
            Ok(_) => return words.to_owned(),
        };
        format!("{words}: {system}")
    })
}

/// The words of SQLite for an error.
fn library_words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(words)) => words.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// The first column as text, up to a zero byte; nothing for NULL.
fn first_column(row: &Row<'_>, database: &Connection) -> Option<Vec<u8>> {
    let text = match row.get_ref(0).ok()? {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => number.to_string().into_bytes(),
        // SQLite writes numbers in a way of its own.
        ValueRef::Real(number) => {
            database.query_row("SELECT CAST(?1 AS TEXT)", [number], |row| row.get::<_, String>(0)).ok()?.into_bytes()
        }
        ValueRef::Text(text) | ValueRef::Blob(text) => text.to_vec(),
    };
    let end = memchr::memchr(0, &text).unwrap_or(text.len());
    Some(text[..end].to_vec())
}

/// Doubles single quotes, as SQLite's own `%q` does.
fn quoted(part: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(part.len());
    for &byte in part {
        text.extend_from_slice(if byte == b'\'' { b"''" } else { std::slice::from_ref(&byte) });
    }
    text
}

impl LookupTable for SqliteTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        // SQL is UTF-8.
        if std::str::from_utf8(key).is_err() {
            return Ok(None);
        }
        let folding = if self.options.folding == Folding::None { Folding::None } else { Folding::Unicode };
        let key = folding.apply(key);
        if let Some(domain) = &mut self.domain
            && !domain.allows(&key, &self.options).map_err(|_| {
                LookupError::retry(&[b"table sqlite:", &self.name[..], b": query error: Application error"].concat())
            })?
        {
            return Ok(None);
        }
        let Some(query) = self.templates.query(&key, quoted, &*self.options.caller) else { return Ok(None) };
        match std::str::from_utf8(&query) {
            Ok(query) => self.ask(&key, query),
            Err(_) => Err(LookupError::config(&self.complain("SQL prepare failed", "the query is not UTF-8"))),
        }
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(no_sequence("sqlite", &self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::text::source::tests::Told;
    use std::sync::Arc;

    /// Asks a database of two rows for a key; `lines` are those of the client file beside its path. What is said comes
    /// first.
    fn ask(lines: &str, key: &str) -> (Vec<String>, Result<Option<String>, String>) {
        let scratch = tempfile::tempdir().unwrap();
        let (database, client) = (scratch.path().join("db"), scratch.path().join("client"));
        let rows = "CREATE TABLE t(k, v); INSERT INTO t VALUES ('a''b', 'one'), ('a''b', 2.5), ('a''b', NULL)";
        Connection::open(&database).unwrap().execute_batch(rows).unwrap();
        std::fs::write(&client, format!("dbpath = {}\n{lines}\n", database.display())).unwrap();
        let told = Arc::new(Told::default());
        let options = OpenOptions { caller: told.clone(), ..OpenOptions::default() };
        let opened = SqliteTable::open(client.as_os_str().as_bytes(), &options, crate::maps::open::open_named);
        let name = client.display().to_string();
        let plain = |words: &str| words.replace(&name, "NAME");
        let found = opened.and_then(|mut table| table.lookup(key.as_bytes()));
        let found = found.map(|value| value.map(|value| String::from_utf8(value).unwrap()));
        let said = told.0.lock().unwrap().iter().map(|words| plain(words)).collect();
        (said, found.map_err(|error| plain(&error.to_string())))
    }

    #[test]
    fn rows_become_results() {
        let value = |text: &str| (Vec::new(), Ok(Some(text.to_string())));
        assert_eq!(ask("query = SELECT v FROM t WHERE k = '%s'", "A'B"), value("one,2.5"));
        assert_eq!(ask("query = SELECT v FROM t WHERE k = '%s'", "x' OR '1'='1"), (Vec::new(), Ok(None)));
        let older = "select_field = v\ntable = t\nwhere_field = k\nadditional_conditions = AND v = 'one'";
        assert_eq!(ask(older, "a'b"), value("one"));
        assert_eq!(ask("query = SELECT 'x' WHERE '%s' = ''", "\u{fffd}"), (Vec::new(), Ok(None)));
    }

    #[test]
    fn what_goes_wrong_is_said_as_postfix_says_it() {
        let refused = |words: &str| Err(words.to_string());
        let (said, found) = ask("query = SELECT v FROM t WHERE k = '%s'\nexpansion_limit = 1", "a'b");
        assert_eq!(said, ["dict_sqlite_lookup: NAME: Expansion limit exceeded for key 'a'b'"]);
        assert_eq!(found, refused("table sqlite:NAME: query error: Application error"));
        let (said, found) = ask("query = SELECT \"'%s'\" || %u", "1");
        let bare = |part: &str| {
            format!("sqlite:NAME: query >SELECT \"'%s'\" || %u< contains >{part}< without the recommended '' quotes")
        };
        assert_eq!((said, found), (vec![bare("%s"), bare("%u")], Ok(Some("'1'1".to_string()))));
        let (_, found) = ask("query = SELECT nope FROM t", "a");
        assert_eq!(found, refused("dict_sqlite_lookup: NAME: SQL prepare failed: no such column: nope\n"));
        let (said, found) = ask("query = DELETE FROM t", "a");
        let failed = |step: &str| {
            let words = "attempt to write a readonly database\n";
            format!("dict_sqlite_lookup: NAME: SQL {step} failed for query 'DELETE FROM t': {words}")
        };
        assert_eq!((said, found), (vec![failed("step")], Err(failed("finalize"))));
        assert_eq!(ask("table = t", "a").1, refused("NAME: bad string length 0 < 1: select_field = "));
        let lost = ask("query = SELECT 1\ndbpath = /nowhere/db", "a").1;
        let words = "unable to open database file: No such file or directory";
        assert_eq!(lost, refused(&format!("sqlite:NAME: open database /nowhere/db: {words}")));
    }
}

//! How a site's tables are opened: where their files are, tables inside others included, and which of its two files an
//! indexed table is read from.
//!
//! In a checkout the source says what a table holds; its index, if there is one, may be older. Where a mail system
//! runs, the index says it, as it does to Postfix. Servers are asked only if that is wanted: what they would say is not
//! known otherwise.

use super::passwd::Passwd;
use crate::config::Site;
use crate::config::catalogue::{MapContent, MapFile, MapType, map_type as map_type_of};
use crate::config::paths::PathMap;
use crate::config::site::TablesFrom;
use crate::config::table_reference::{behind_proxy, members};
use crate::maps::client::SERVERS;
use crate::maps::error::in_message;
use crate::maps::source_table::SourceTable;
use crate::maps::unavailable::is_server;
use crate::maps::{Answer, LookupError, LookupTable, OpenOptions, Opener, TableReference, open_as_named};
use crate::syntax::match_list::split_list;
use crate::syntax::table_line::TableForm;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// Where the accounts of a site are.
pub const PASSWD: &[u8] = b"/etc/passwd";

/// An index that is not what its source says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddIndex {
    /// The table, as the configuration names it.
    pub table: String,
    /// Where its index is, or would be.
    pub path: PathBuf,
    /// Whether there is one.
    pub exists: bool,
}

/// What all tables of a site have in common.
pub(super) struct Opening {
    paths: PathMap,
    from: TablesFrom,
    /// Whether servers may be asked.
    asks: bool,
    /// What `proxy_read_maps` lets proxymap(8) open.
    permitted: HashSet<Vec<u8>>,
    passwd: OnceLock<Passwd>,
    odd: Mutex<Vec<OddIndex>>,
    /// Whether there is an index at all.
    has_indexes: AtomicBool,
}

impl Opening {
    pub(super) fn new(site: &Site) -> Self {
        let services = &site.configuration.files.services;
        let proxy = services.iter().find(|service| service.line.command().bytes() == b"proxymap");
        // What cannot be expanded permits nothing.
        let text = site.configuration.expanded(b"proxy_read_maps", proxy).unwrap_or_default();
        let named = split_list(&text).into_iter().map(|range| &text[range]);
        let permitted = proxied(named.collect());
        let (passwd, odd, has_indexes) = (OnceLock::new(), Mutex::default(), AtomicBool::new(false));
        Self { paths: site.paths.clone(), from: site.tables_from, asks: false, permitted, passwd, odd, has_indexes }
    }

    /// Whether proxymap(8) opens the table behind a `proxy:` for those who ask for it.
    pub(super) fn may_proxy(&self, behind: &[u8]) -> bool {
        self.permitted.contains(behind)
    }

    pub(super) fn with_servers(self) -> Self {
        Self { asks: true, ..self }
    }

    /// The accounts of the site's machine; none if the file cannot be read.
    pub(super) fn accounts(&self) -> &Passwd {
        let read = || self.paths.read(PASSWD).map(|text| text.bytes().to_vec()).unwrap_or_default();
        self.passwd.get_or_init(|| Passwd::new(read()))
    }

    /// The indexes met so far that are not what their sources say. That a checkout has none at all is nothing odd.
    pub(super) fn odd_indexes(&self) -> Vec<OddIndex> {
        if self.from == TablesFrom::Sources && !self.has_indexes.load(Ordering::Relaxed) {
            return Vec::new();
        }
        self.odd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add_odd(&self, reference: &TableReference, path: &Path, exists: bool) {
        let one = OddIndex { table: reference.to_string(), path: path.to_path_buf(), exists };
        let mut odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        if !odd.contains(&one) {
            odd.push(one);
        }
    }

    /// An indexed table.
    fn indexed(
        &self,
        reference: &TableReference,
        suffix: &str,
        form: TableForm,
        options: &OpenOptions,
    ) -> Result<Box<dyn LookupTable>, LookupError> {
        let (source, here) = (self.paths.resolve(&reference.name), self.here(reference));
        let index = self.paths.resolve_index(&reference.name, suffix);
        let is_built = index.exists();
        self.has_indexes.fetch_or(is_built, Ordering::Relaxed);
        match self.from {
            TablesFrom::Indexes => {
                if !is_built {
                    self.add_odd(reference, &index, false);
                    return open_as_named(&here, options);
                }
                let mut table = open_as_named(&here, options)?;
                // Postfix looks at the times; what they make doubtful is read.
                if is_newer(&source, &index)
                    && let Ok(source) = SourceTable::open(&source, form)
                    && !source.is_told_by(table.as_mut())
                {
                    self.add_odd(reference, &index, true);
                }
                Ok(table)
            }
            TablesFrom::Sources if is_built => {
                let Ok(source) = SourceTable::open(&source, form) else { return open_as_named(&here, options) };
                if !open_as_named(&here, options).is_ok_and(|mut index| source.is_told_by(index.as_mut())) {
                    self.add_odd(reference, &index, true);
                }
                Ok(Box::new(source))
            }
            TablesFrom::Sources => {
                let opened = SourceTable::open(&source, form).map_err(|error| self.missing(reference, error))?;
                self.add_odd(reference, &index, false);
                Ok(Box::new(opened))
            }
        }
    }

    /// The table by where its file is.
    fn here(&self, reference: &TableReference) -> TableReference {
        let path = self.paths.resolve(&reference.name);
        TableReference { map_type: reference.map_type.clone(), name: path.as_os_str().as_encoded_bytes().into() }
    }

    /// A file outside of a checkout that is not here either may well be where the checkout is meant for.
    fn missing(&self, reference: &TableReference, error: LookupError) -> LookupError {
        let path = self.paths.resolve(&reference.name);
        let is_absent = std::fs::metadata(&path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if is_absent && self.from == TablesFrom::Sources && self.paths.below().is_none() && !self.paths.in_scope(&path)
        {
            let words = format!("{reference}: {} is not in the checkout, nor on this machine", path.display());
            return LookupError::Unknown(words);
        }
        error
    }
}

/// The tables with `proxy:` before them among these and in lists of tables among them (but not in `debug:`; 3.11).
fn proxied(mut pending: Vec<&[u8]>) -> HashSet<Vec<u8>> {
    let mut found = HashSet::new();
    while let Some(name) = pending.pop() {
        match TableReference::split(name) {
            Some(("proxy", _)) => {
                found.insert(behind_proxy(name).to_vec());
                // What it opens by itself needs no leave.
                pending.push(behind_proxy(name));
            }
            Some((map_type, inside)) => {
                let known = map_type_of(map_type).filter(|known| known.content == MapContent::Tables);
                pending.extend(known.and_then(|known| members(known, inside)).unwrap_or_default());
            }
            None => {}
        }
    }
    found
}

/// The time of a file is later than that of another.
fn is_newer(path: &Path, than: &Path) -> bool {
    let time = |path: &Path| -> Option<SystemTime> { std::fs::metadata(path).ok()?.modified().ok() };
    matches!((time(path), time(than)), (Some(time), Some(than)) if time > than)
}

/// Opens the tables of one parameter, whose sources have one form.
pub(super) struct Door {
    pub(super) opening: Arc<Opening>,
    pub(super) form: TableForm,
}

impl Opener for Door {
    fn open(
        &self,
        reference: &TableReference,
        options: &OpenOptions,
    ) -> Option<Result<Box<dyn LookupTable>, LookupError>> {
        let opening = &self.opening;
        if reference.map_type == "unix" && *reference.name == *b"passwd.byname" {
            return Some(Ok(Box::new(Accounts(Arc::clone(opening)))));
        }
        if reference.map_type == "proxy" {
            let behind = behind_proxy(&reference.name);
            let refusal = || {
                let table = in_message(behind);
                let words = format!("proxymap service is not configured for table \"{table}\": see proxy_read_maps");
                Err(LookupError::Config(words))
            };
            return (!opening.may_proxy(behind)).then(refusal);
        }
        let why = match reference.map_type.as_str() {
            other if SERVERS.contains(&other) && !opening.asks => Some("no server is asked without --ask"),
            other => is_server(other).then_some("this program is no client of such servers"),
        };
        if let Some(why) = why {
            return Some(Ok(Box::new(Unasked(format!("{reference}: {why}")))));
        }
        if !reference.name.starts_with(b"/") {
            return None;
        }
        if let Some(suffix) = reference.known_type().and_then(MapType::index_suffix) {
            return Some(opening.indexed(reference, suffix, self.form, options));
        }
        // Of all others only those of a file have a path for a name.
        let has_settings = reference.known_type().is_some_and(|known| known.file == MapFile::Client);
        let is_file = reference.has_source() || has_settings;
        is_file.then(|| {
            open_as_named(&opening.here(reference), options).map_err(|error| opening.missing(reference, error))
        })
    }

    fn path(&self, named: &[u8]) -> Vec<u8> {
        if named.starts_with(b"/") {
            self.opening.paths.resolve(named).into_os_string().into_vec()
        } else {
            named.to_vec()
        }
    }
}

/// `unix:passwd.byname`: the accounts of the site, which need not be those of the machine that this runs on.
struct Accounts(Arc<Opening>);

impl LookupTable for Accounts {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        Ok(self.0.accounts().account(&key.to_ascii_lowercase()).map(|account| account.line))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(LookupError::Config("table unix:passwd.byname: sequence operation is not supported".into()))
    }
}

/// A table of a server that is not asked.
struct Unasked(String);

impl LookupTable for Unasked {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        Err(LookupError::Unknown(in_message(self.0.as_bytes())))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(LookupError::Unknown(self.0.clone()))
    }
}

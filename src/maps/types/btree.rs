//! `btree:` — NAME.db, a Berkeley DB btree file. Source: `DATABASE_README`, `postmap(1)`.

use crate::maps::berkeley_db::BerkeleyDbTable;
use crate::maps::berkeley_db::Kind;
use crate::maps::error::LookupError;
use crate::maps::table::OpenOptions;

/// Opens the table NAME, whose file is NAME.db.
///
/// # Errors
/// When the file cannot be opened or is no Berkeley DB btree file.
pub fn open(name: &[u8], options: &OpenOptions) -> Result<BerkeleyDbTable, LookupError> {
    BerkeleyDbTable::open(name, Kind::Btree, options)
}

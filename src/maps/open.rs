//! The door: opens a table by its name. Tables that hold others are given it, to open these with; an
//! [`Opener`](super::table::Opener) in the options stands before it.

use super::error::{LookupError, in_message};
use super::table::{LookupTable, OpenOptions, TableReference};
use super::{types, unavailable};
use crate::config::catalogue;

/// Opens a table for lookups.
///
/// # Errors
/// For an unknown or unavailable type, and what opening the table gives.
pub fn open(reference: &TableReference, options: &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    let opened = options.opener.as_ref().and_then(|opener| opener.open(reference, options));
    opened.unwrap_or_else(|| open_as_named(reference, options))
}

/// Opens a table by its name alone; those inside it as the options say.
///
/// # Errors
/// For an unknown or unavailable type, and what opening the table gives.
pub fn open_as_named(reference: &TableReference, options: &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    let name = &reference.name;
    match reference.map_type.as_str() {
        "lmdb" => Ok(Box::new(types::lmdb::LmdbTable::open(name, options)?)),
        "cdb" => Ok(Box::new(types::cdb::CdbTable::open(name, options)?)),
        "hash" => Ok(Box::new(types::hash::open(name, options)?)),
        "btree" => Ok(Box::new(types::btree::open(name, options)?)),
        "pcre" => Ok(Box::new(types::pcre::PcreTable::open(name, options)?)),
        "regexp" => Ok(Box::new(types::regexp::RegexpTable::open(name, options)?)),
        "cidr" => Ok(Box::new(types::cidr::CidrTable::open(name, options)?)),
        "inline" => Ok(Box::new(types::inline::InlineTable::open(name, options)?)),
        #[cfg(feature = "sql")]
        "sqlite" => Ok(Box::new(types::sqlite::SqliteTable::open(name, options, open_named)?)),
        #[cfg(not(feature = "sql"))]
        "sqlite" => Err(LookupError::Config("this program was built without sqlite tables (feature sql)".to_owned())),
        "texthash" => Ok(Box::new(types::texthash::TexthashTable::open(name, options)?)),
        "static" => Ok(Box::new(types::r#static::StaticTable::open(name, options)?)),
        "environ" => Ok(Box::new(types::environ::EnvironTable::open(name, options))),
        "unix" => Ok(Box::new(types::unix::UnixTable::open(name, options)?)),
        "fail" => Ok(Box::new(types::fail::FailTable::open(name))),
        "internal" => Ok(Box::new(types::internal::InternalTable)),
        "randmap" => Ok(Box::new(types::randmap::RandomTable::open(name, options)?)),
        "debug" => Ok(Box::new(types::debug::DebugTable::open(name, options, open_named)?)),
        "unionmap" => Ok(Box::new(types::unionmap::UnionTable::open(name, options, open_named)?)),
        "pipemap" => Ok(Box::new(types::pipemap::PipeTable::open(name, options, open_named)?)),
        "proxy" => Ok(Box::new(types::proxy::ProxyTable::open(name, options, open_named)?)),
        "tcp" => Ok(Box::new(types::tcp::TcpTable::open(name, options)?)),
        "socketmap" => Ok(Box::new(types::socketmap::SocketmapTable::open(name, options)?)),
        other => Err(unavailable::why(other, name).unwrap_or_else(|| {
            LookupError::Config(match catalogue::map_type(other) {
                Some(_) => format!("{other} tables are not supported yet"),
                None => format!("unsupported dictionary type: {other}"),
            })
        })),
    }
}

/// Opens the table that a text names as `type:name`, as it stands in main.cf or inside the name of another table.
///
/// # Errors
/// A text that names no table, and those of [`open`].
pub fn open_named(text: &[u8], options: &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    let (map_type, name) = match memchr::memchr(b':', text) {
        Some(colon) if colon > 0 && colon + 1 < text.len() => (&text[..colon], &text[colon + 1..]),
        _ => {
            let text = in_message(text);
            return Err(LookupError::Config(format!(
                "open dictionary: expecting \"type:name\" form instead of \"{text}\""
            )));
        }
    };
    let reference = TableReference::parse(text).filter(|reference| *reference.name == *name);
    match reference {
        Some(reference) => open(&reference, options),
        None => Err(LookupError::Config(format!("unsupported dictionary type: {}", in_message(map_type)))),
    }
}

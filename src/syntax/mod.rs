//! Floor 2: from bytes to lossless trees, one parser per file kind.
//!
//! Parsing never fails: each parser returns a tree that prints back its input byte for byte, the items that it
//! understood, and the faults of form that it met.

pub mod alias_line;
pub mod alias_value;
pub mod bounce_template;
pub mod fault;
pub mod file_kind;
mod lines;
pub mod logical;
pub mod main_cf;
pub mod master_cf;
pub mod match_list;
pub mod network_line;
pub mod pattern_line;
pub mod pattern_table;
pub mod sendmail_mc;
pub mod table;
pub mod table_line;
pub mod text;
pub mod toml_file;
pub mod tree;
pub mod widen;

pub use fault::{Fault, FaultKind};
pub use file_kind::FileKind;
pub use logical::{LogicalLine, LogicalLines};
pub use text::Text;
pub use tree::{Token, TokenKind, Tree};

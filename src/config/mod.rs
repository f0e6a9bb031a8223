//! Floor 3: what parameters are, and what they are set to.

pub mod bounce_template;
pub mod built;
pub mod catalogue;
pub mod edit;
pub mod effective;
pub mod expand;
pub mod facts;
pub mod find_service;
pub mod host;
pub mod listed;
pub mod lmdb_format;
pub mod load;
pub mod migration;
pub mod networks;
pub mod own_names;
pub mod package;
pub mod paths;
pub mod pipe_macros;
pub mod platform;
pub mod project;
pub mod protocols;
pub mod restriction_classes;
pub mod retired_types;
pub mod services;
pub mod site;
pub mod starting_value;
pub mod table_reference;
pub mod tables;
pub mod trace;
pub mod value_fault;
pub mod written_elements;

pub use effective::{Configuration, Origin, Value};
pub use load::ConfigFiles;
pub use platform::Platform;
pub use site::Site;

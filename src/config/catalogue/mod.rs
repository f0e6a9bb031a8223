//! What Postfix 2.11 to 3.11 knows, and 3.12 as of a snapshot: parameters, restrictions, lookup table types, daemons,
//! and how they changed.
//!
//! Constant tables, sorted by name and made by the build script from `data/*.tsv`: nothing is parsed or allocated at
//! start-up. Each fact is declared once, there; help, `explain`, completion and the linter read the same constants.
//!
//! | what | file | look-up |
//! |---|---|---|
//! | parameters, their types, versions and defaults | `parameter.rs`, `value_type.rs`, `kind.rs` | [`parameter`] |
//! | parameters of one transport | `family.rs` | [`service_parameter`] |
//! | systems, and what their packages are built with | `system.rs` | [`Profile`] |
//! | defaults that packages change | `profile.rs` | [`default_value`] |
//! | old names | `deprecated.rs` | [`deprecation`] |
//! | who reads which | `readers.rs` | [`readers`], [`read_by_every_program`] |
//! | access restrictions and their lists | `restrictions.rs` | [`restriction`], [`restriction_list`] |
//! | lookup table types | `map_types.rs` | [`map_type`] |
//! | master.cf | `services.rs` | [`daemon_command`], [`stock_services`], [`is_stock_service`] |
//! | what restrictions and parameters are about | `about.rs` | [`about`] |
//! | "did you mean" | `suggest.rs` | [`suggest_parameter`] |

mod about;
mod deprecated;
mod family;
mod kind;
mod map_types;
mod parameter;
mod profile;
mod readers;
mod restrictions;
mod services;
mod suggest;
mod system;
mod value_type;
mod version;

pub use about::about;
pub use deprecated::{Change, Deprecation, NameKind, deprecation, deprecations};
pub use family::{ServiceParameter, service_parameter, service_parameters};
pub use kind::Kind;
pub use map_types::{MapContent, MapFile, MapKind, MapType, map_type, map_types};
pub use parameter::{EarlierDefault, Origin, Parameter, parameter, parameters};
pub use profile::{Knowledge, default_value, knowledge_of_default};
pub use readers::{is_read_at_start, is_read_by_bounce, read_by_bounce, read_by_every_program, readers};
pub use restrictions::{
    Argument, Class, Information, Restriction, RestrictionList, Stage, restriction, restriction_list,
    restriction_lists, restrictions,
};
pub use services::{
    DaemonCommand, MasterField, ServiceType, Skeleton, StockService, daemon_command, daemon_commands, default_chroot,
    is_stock_service, master_fields, stock_services,
};
pub use suggest::{ParameterSuggestion, suggest_map_type, suggest_parameter};
pub use system::{Profile, ProfileFacts, System};
pub use value_type::{Limits, TimeUnit, ValueType};
pub use version::{NotAVersion, Version};

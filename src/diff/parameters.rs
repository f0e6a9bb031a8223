//! Parameters of two configurations: which mean something else, and why.

use super::value::{Meaning, elements_changed, list, meaning};
use crate::config::Site;
use crate::config::catalogue;
use crate::config::services::Service;
use crate::config::trace::{Supplier, TraceStep};
use std::collections::BTreeSet;

/// A parameter that differs.
#[derive(Clone, Debug)]
pub struct ParameterChange {
    /// Its name.
    pub name: String,
    /// How.
    pub kind: ChangeKind,
    /// What it is on the first side; nothing if that side does not know the name.
    pub a: Option<Setting>,
    /// What it is on the second side.
    pub b: Option<Setting>,
    /// Elements that only one side has, for lists; none on either side: they stand in another order.
    pub elements: Option<Elements>,
}

/// Elements that only the first side has, and those that only the second has.
pub type Elements = (Vec<Vec<u8>>, Vec<Vec<u8>>);

/// How a parameter differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Only the second side sets it.
    Added,
    /// Only the first side sets it.
    Removed,
    /// Both set it, or its default changed.
    Changed,
    /// What is written is the same, and means something else: through these names.
    InEffect(Vec<String>),
    /// What is written differs, and means the same.
    Reworded,
    /// It is set, and only one of the two releases has such a parameter.
    OtherRelease,
}

/// What a parameter is on one side.
#[derive(Clone, Debug)]
pub struct Setting {
    /// As written.
    pub raw: Vec<u8>,
    /// What it comes to; words of the error if it cannot be expanded.
    pub value: Result<Vec<u8>, String>,
    /// Who supplies it.
    pub supplier: Supplier,
}

/// The parameters that differ, by name. What is only worded otherwise is among them.
#[must_use]
pub fn compare_parameters(a: &Site, b: &Site) -> Vec<ParameterChange> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for side in [a, b] {
        names.extend(side.configuration.files.main.entries.iter().map(|entry| entry.name.to_string_lossy()));
    }
    names.extend(
        catalogue::parameters().iter().filter(|parameter| is_comparable(parameter)).map(|p| p.name.to_string()),
    );
    names.into_iter().filter_map(|name| compare_parameter(&name, a, b, None)).collect()
}

/// Values that say which release or process this is mean nothing by themselves.
fn is_comparable(parameter: &catalogue::Parameter) -> bool {
    use catalogue::Origin;
    !matches!(parameter.origin, Origin::Process | Origin::Release)
}

/// How one parameter differs, for a service of each side if they are given.
#[must_use]
pub fn compare_parameter(
    name: &str,
    a: &Site,
    b: &Site,
    services: Option<(&Service, &Service)>,
) -> Option<ParameterChange> {
    let (of_a, of_b) = (setting(name, a, services.map(|(a, _)| a)), setting(name, b, services.map(|(_, b)| b)));
    let exists = |side: &Site| {
        catalogue::parameter(name).is_none_or(|parameter| parameter.exists_in(side.configuration.platform.target))
    };
    let is_set = |setting: &Option<Setting>| setting.as_ref().is_some_and(|setting| !is_default(setting));
    let kind = match (&of_a, &of_b) {
        (None, None) => return None,
        _ if exists(a) != exists(b) && is_set(&of_a) && is_set(&of_b) => ChangeKind::OtherRelease,
        (None, Some(new)) => match is_default(new) {
            // A parameter of a newer release at its default.
            true => return None,
            false => ChangeKind::Added,
        },
        (Some(old), None) => match is_default(old) {
            true => return None,
            false => ChangeKind::Removed,
        },
        (Some(old), Some(new)) => {
            let is_same = match (&old.value, &new.value) {
                (Ok(old), Ok(new)) => understood(name, old, a).is_same(&understood(name, new, b)),
                (old, new) => old == new,
            };
            let is_written_alike = old.raw == new.raw;
            match (is_same, is_written_alike) {
                (true, true) => return None,
                (true, false) if is_default(old) && is_default(new) => return None,
                (true, false) => match understood(name, &old.raw, a).is_same(&understood(name, &new.raw, b)) {
                    true => return None,
                    false => ChangeKind::Reworded,
                },
                (false, true) => ChangeKind::InEffect(causes(name, a, b, services)),
                (false, false) => match (is_default(old), is_default(new)) {
                    (true, false) => ChangeKind::Added,
                    (false, true) => ChangeKind::Removed,
                    _ => ChangeKind::Changed,
                },
            }
        }
    };
    let is_derived = match (&of_a, &of_b) {
        (Some(old), Some(new)) => is_default(old) && is_default(new) && is_noise(name, &kind, a, b),
        _ => false,
    };
    if is_derived {
        return None;
    }
    let elements = match (&of_a, &of_b) {
        (Some(Setting { value: Ok(old), .. }), Some(Setting { value: Ok(new), .. })) => {
            match (understood(name, old, a), understood(name, new, b)) {
                (Meaning::List(old, _), Meaning::List(new, _)) => Some(elements_changed(&old, &new)),
                _ => None,
            }
        }
        _ => None,
    };
    Some(ParameterChange { name: name.to_string(), kind, a: of_a, b: of_b, elements })
}

/// Defaults that differ and tell nothing: what proxymap may open follows from all the other parameters; an old name of
/// a parameter has no default where the new one is; the number of the release is what the comparison is about.
fn is_noise(name: &str, kind: &ChangeKind, a: &Site, b: &Site) -> bool {
    let is_listed = |side: &Site| {
        catalogue::parameter(name).is_none_or(|parameter| parameter.listed_in(side.configuration.platform.target))
    };
    let tells_release = |name: &String| catalogue::parameter(name).is_some_and(|parameter| !is_comparable(parameter));
    matches!(name, "proxy_read_maps" | "proxy_write_maps")
        || !is_listed(a)
        || !is_listed(b)
        || matches!(kind, ChangeKind::InEffect(names) if !names.is_empty() && names.iter().all(tells_release))
}

fn is_default(setting: &Setting) -> bool {
    matches!(setting.supplier, Supplier::Default(_) | Supplier::Computed)
}

/// Restriction classes are lists too.
fn understood(name: &str, value: &[u8], side: &Site) -> Meaning {
    let is_class =
        catalogue::parameter(name).is_none() && side.configuration.is_restriction_class(name.as_bytes(), None);
    if is_class { list(value, false) } else { meaning(name, value) }
}

fn setting(name: &str, side: &Site, service: Option<&Service>) -> Option<Setting> {
    let configuration = &side.configuration;
    let raw = configuration.value(name.as_bytes(), service)?.bytes.into_owned();
    let is_raw = catalogue::parameter(name)
        .is_some_and(|parameter| matches!(parameter.value_type, catalogue::ValueType::Raw(_)));
    let value =
        if is_raw { Ok(raw.clone()) } else { configuration.expand(&raw, service).map_err(|error| error.to_string()) };
    Some(Setting { raw, value, supplier: configuration.supplier(name.as_bytes(), service) })
}

/// The names that a value uses, and whose own values differ.
fn causes(name: &str, a: &Site, b: &Site, services: Option<(&Service, &Service)>) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (side, service) in [(a, services.map(|(a, _)| a)), (b, services.map(|(_, b)| b))] {
        if let Some((used, ..)) = side.configuration.trace_parameter(name.as_bytes(), service) {
            add_names(&used.steps, &mut names);
        }
    }
    let raw = |side: &Site, service: Option<&Service>, name: &[u8]| {
        side.configuration.value(name, service).map(|value| value.bytes.into_owned())
    };
    let differs = |name: &Vec<u8>| raw(a, services.map(|(a, _)| a), name) != raw(b, services.map(|(_, b)| b), name);
    names.into_iter().filter(differs).map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
}

fn add_names(steps: &[TraceStep], names: &mut BTreeSet<Vec<u8>>) {
    for step in steps {
        if let TraceStep::Use(used) = step {
            names.insert(used.name.clone());
            add_names(&used.steps, names);
        }
    }
}

//! The colours of address classes, the same in all formats.

use crate::routing::rewrite::resolve::AddressClass;

/// Text.
pub const INK: &str = "#1c2329";

/// The colours of a class; of what belongs to none, if none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    /// A light one behind text.
    pub fill: &'static str,
    /// A dark one for lines, and behind white text.
    pub line: &'static str,
}

/// The colours of what belongs to a class.
#[must_use]
pub fn colours(class: Option<AddressClass>) -> Colours {
    let (fill, line) = match class {
        Some(AddressClass::Local) => ("#eaf6ec", "#2f7d4a"),
        Some(AddressClass::VirtualAlias) => ("#f4edfb", "#7446ad"),
        Some(AddressClass::VirtualMailbox) => ("#e8f2fc", "#1d6bb0"),
        Some(AddressClass::Relay) => ("#fdf2e3", "#b0600c"),
        Some(AddressClass::Default) => ("#f0f2f5", "#566270"),
        None => ("#fafafa", "#7b868f"),
    };
    Colours { fill, line }
}

//! How findings are shown: one file per format.
//!
//! Text from a file never reaches a terminal as it is: see [`clean`].

pub mod checkstyle;
pub mod concise;
pub mod excerpt;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
pub mod report;
pub mod sarif;
pub mod xml;

pub use report::Report;

/// `text` with every control character replaced, so that no file can command a terminal.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

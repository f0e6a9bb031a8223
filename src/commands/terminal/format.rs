//! The formats of results that people and programs read.

use clap::ValueEnum;

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines
    Human,
    /// One document
    Json,
}

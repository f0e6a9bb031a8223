//! What all line-based parsers share: a walk over logical lines that collects tokens and faults.

use super::fault::{Fault, FaultKind};
use super::logical::{LogicalLine, LogicalLines};
use super::text::Text;
use super::tree::{TokenKind, Tree, TreeBuilder};
use crate::base::{Source, Span};
use std::sync::Arc;

/// Collects what a parser finds in one file.
pub(super) struct Harvest {
    builder: TreeBuilder,
    faults: Vec<Fault>,
}

impl Harvest {
    /// A token for each physical line that `span` covers.
    pub(super) fn token(&mut self, kind: TokenKind, span: Span) {
        self.builder.token_lines(kind, span);
    }

    /// Something is wrong at a place.
    pub(super) fn fault(&mut self, kind: FaultKind, span: Span) {
        self.faults.push(Fault { kind, span });
    }

    /// Something is wrong, and the whole place is of no use.
    pub(super) fn drop_line(&mut self, kind: FaultKind, span: Span) {
        self.fault(kind, span);
        self.token(TokenKind::Other, span);
    }
}

/// Calls `parse` for every logical line; a first line that begins with white space becomes a fault instead.
pub(super) fn parse_lines(
    source: &Arc<Source>,
    mut parse: impl FnMut(&LogicalLine, Text, &mut Harvest),
) -> (Tree, Vec<Fault>) {
    let bytes = source.bytes();
    let mut harvest = Harvest { builder: TreeBuilder::new(source), faults: Vec::new() };
    for line in LogicalLines::new(bytes) {
        if line.orphan {
            harvest.drop_line(FaultKind::LeadingWhiteSpace, line.extent());
        } else {
            parse(&line, Text::of(&line, bytes), &mut harvest);
        }
    }
    (harvest.builder.finish(), harvest.faults)
}

/// Calls `parse` for a source that is one logical line, newlines in it and all.
pub(super) fn parse_one(source: &Arc<Source>, parse: impl FnOnce(Text, &mut Harvest)) -> (Tree, Vec<Fault>) {
    let mut harvest = Harvest { builder: TreeBuilder::new(source), faults: Vec::new() };
    parse(Text::whole(source.bytes()), &mut harvest);
    (harvest.builder.finish(), harvest.faults)
}

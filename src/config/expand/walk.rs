//! The walk through a value, one for all purposes: it takes the branch that a test chooses and follows names into the
//! values of parameters, or, where nobody knows these, takes every branch and follows no name.
//!
//! It keeps the books as Postfix does, since they show in its messages: after the first fault further references are
//! passed over, and the next one in brackets ends the value, but a fault that ends a value is still reported in each
//! value that is being walked; a reference or a text at a level beyond [`MAX_DEPTH`] is a fault; and a reference that
//! was at fault or passed over never gives its level back. Operands and arguments start such books afresh.

use std::borrow::Cow;

use super::compare::CompareError;
use super::domain::Function;
use super::error::{Fault, Problem, Reason};
use super::lookup::{Lookup, Observer, Purpose, Step};
use super::parse::{parse, parse_at_cost};
use super::slice::slice;
use super::tree::{Branch, Branches, Node, literal};
use crate::base::Span;

/// How many references deep Postfix follows a value: the text at the end of a chain of this many is still found.
pub const MAX_DEPTH: usize = 100;

/// References inside operands of references and so on. Ours.
const MAX_STACK: usize = 256;

/// How much may be done for one expansion: each byte of a parameter's value that is used costs 1, and 8 each time that
/// the grammar looks at it; each name costs 64. No result is longer than this and the value itself. Ours: Postfix
/// 3.11.7 goes on until memory ends. Measured: it takes an eighth of a second at most to get there.
pub const MAX_WORK: usize = 8 << 20;

/// What looking up a name costs at least.
const WORK_PER_NAME: usize = 64;

/// What a byte that the grammar has to look at costs.
const WORK_PER_PARSED_BYTE: usize = 8;

/// Something that postconf sees in a value without expanding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A name. One without a parameter is reported as `undefined parameter`; a parameter counts as used.
    Name {
        /// The name.
        name: Vec<u8>,
        /// Where it stands.
        span: Span,
    },
    /// What postconf warns of.
    Problem(Problem),
}

/// What a walk came to.
pub(super) struct Walked {
    /// The result, if nothing was at fault.
    pub result: Option<Vec<u8>>,
    /// What was noticed, in order.
    pub notices: Vec<Notice>,
    /// What went wrong first.
    pub reason: Option<Reason>,
}

/// Walks a value; `source` knows the values of parameters, and is none for a scan.
pub(super) fn walk<'a, 'v>(value: &[u8], source: Option<(&'a mut dyn Lookup<'v>, &'a mut dyn Observer)>) -> Walked {
    let mut walk = Walk::new(source);
    let mut result = Vec::new();
    // A walk ends early only at a limit, of which its problems tell.
    let is_whole = walk.value(value, &parse(value).nodes, &mut result).is_ok() && !walk.books.failed;
    Walked { result: is_whole.then_some(result), notices: walk.notices, reason: walk.reason }
}

/// Nothing more can be done; the reason has been noted.
struct Abort;

/// What Postfix keeps for one expansion; operands and arguments have their own.
#[derive(Clone, Copy, Default)]
struct Books {
    level: usize,
    failed: bool,
}

struct Walk<'a, 'v> {
    /// None during a scan.
    source: Option<(&'a mut dyn Lookup<'v>, &'a mut dyn Observer)>,
    books: Books,
    stack: usize,
    work: usize,
    /// The parameters whose values are being expanded.
    within: Vec<Vec<u8>>,
    notices: Vec<Notice>,
    reason: Option<Reason>,
}

impl<'a, 'v> Walk<'a, 'v> {
    fn new(source: Option<(&'a mut dyn Lookup<'v>, &'a mut dyn Observer)>) -> Self {
        let (within, notices) = (Vec::new(), Vec::new());
        Self { source, books: Books::default(), stack: 0, work: 0, within, notices, reason: None }
    }

    /// Walks the nodes of one value, or of one branch of it.
    fn value(&mut self, value: &[u8], nodes: &[Node], out: &mut Vec<u8>) -> Result<(), Abort> {
        let mut failed = false;
        for (index, node) in nodes.iter().enumerate() {
            let last = index + 1 == nodes.len();
            match node {
                // Once something was at fault, text at the end is not looked at, and a bracket that closes ends the
                // value.
                Node::Text { .. } if last && failed => {}
                _ if failed && node.is_bracketed(value) => break,
                Node::Bad { fault, .. } if fault.ends_value() => {
                    self.fault(value, fault)?;
                    failed = true;
                }
                _ => {
                    self.node(value, node, out)?;
                    failed |= self.books.failed;
                }
            }
        }
        self.books.failed |= failed;
        Ok(())
    }

    fn node(&mut self, value: &[u8], node: &Node, out: &mut Vec<u8>) -> Result<(), Abort> {
        let too_deep = self.books.level > MAX_DEPTH;
        self.books.level += 1;
        if too_deep {
            self.too_deep(value, node)?;
        }
        if self.books.failed {
            return Ok(());
        }
        if self.stack >= MAX_STACK {
            self.too_deep(value, node)?;
            return Err(Abort);
        }
        self.stack += 1;
        let went_well = self.understood(value, node, out)?;
        self.stack -= 1;
        if went_well {
            // Other nodes inside may have failed: only a node that itself is at fault keeps its level.
            self.books.level -= 1;
        } else {
            self.books.failed = true;
        }
        Ok(())
    }

    /// Returns whether the node itself, not what is nested in it, is in order.
    fn understood(&mut self, value: &[u8], node: &Node, out: &mut Vec<u8>) -> Result<bool, Abort> {
        match node {
            Node::Text { span } => out.extend_from_slice(&literal(slice(value, *span))),
            Node::Name { span, name } => self.substitute(slice(value, *name), *name, *span, out)?,
            Node::Conditional { span, name, branches } => {
                let set = self.test(slice(value, *name), *name, *span)?;
                return self.choose(value, set, branches, out);
            }
            Node::Comparison { span, left, relation, right, branches } => {
                let (left, left_failed) = self.afresh(value, left)?;
                let (right, right_failed) = self.afresh(value, right)?;
                let mut holds = false;
                if let Some((_, observer)) = &mut self.source {
                    // Postfix compares what there is of the operands, even if they are at fault.
                    holds = match relation.holds(&left, &right) {
                        Ok(holds) => holds,
                        Err(error) => return self.incomparable(*span, error),
                    };
                    if !(left_failed || right_failed) {
                        observer.compared(*span, &left, &right, holds);
                    }
                }
                if left_failed || right_failed {
                    return Ok(false);
                }
                if holds && branches.yes.is_none() && branches.no.is_none() && branches.fault.is_none() {
                    out.extend_from_slice(b"true");
                }
                return self.choose(value, holds, branches, out);
            }
            Node::Call { span, function, argument } => {
                let (domain, failed) = self.afresh(value, argument)?;
                return if failed { Ok(false) } else { self.call(*span, *function, &domain, out) };
            }
            Node::Bad { fault, .. } => {
                self.fault(value, fault)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Walks the branch that a test chose, or both during a scan, and then stumbles over what stands behind.
    fn choose(&mut self, value: &[u8], yes: bool, branches: &Branches, out: &mut Vec<u8>) -> Result<bool, Abort> {
        let both = self.source.is_none();
        for (branch, chosen) in [(&branches.yes, yes), (&branches.no, !yes)] {
            if let Some(branch) = branch
                && (chosen || both)
            {
                self.value(value, &branch.nodes, out)?;
            }
        }
        match &branches.fault {
            Some(fault) => self.fault(value, fault).map(|()| false),
            None => Ok(true),
        }
    }

    /// Walks an operand or an argument, which has its own books.
    fn afresh(&mut self, value: &[u8], branch: &Branch) -> Result<(Vec<u8>, bool), Abort> {
        let outer = std::mem::take(&mut self.books);
        let mut out = Vec::new();
        self.value(value, &branch.nodes, &mut out)?;
        let inner = std::mem::replace(&mut self.books, outer);
        Ok((out, inner.failed))
    }

    fn substitute(&mut self, name: &[u8], place: Span, span: Span, out: &mut Vec<u8>) -> Result<(), Abort> {
        let Some(raw) = self.look_up(name, place, span, Purpose::Substitute)? else {
            return Ok(());
        };
        let start = out.len();
        if memchr::memchr(b'$', &raw).is_none() && self.books.level <= MAX_DEPTH {
            out.extend_from_slice(&raw);
        } else {
            let (parsed, cost) = parse_at_cost(&raw);
            self.spend(cost.saturating_mul(WORK_PER_PARSED_BYTE))?;
            self.within.push(name.to_vec());
            self.value(&raw, &parsed.nodes, out)?;
            self.within.pop();
        }
        let (within, depth) = (self.within.last().map(Vec::as_slice), self.within.len());
        if let Some((_, observer)) = &mut self.source {
            let step = Step { name, raw: Some(&raw), purpose: Purpose::Substitute, within, span, depth };
            observer.substituted(&step, &out[start..]);
        }
        Ok(())
    }

    fn test(&mut self, name: &[u8], place: Span, span: Span) -> Result<bool, Abort> {
        Ok(self.look_up(name, place, span, Purpose::Test)?.is_some_and(|raw| !raw.is_empty()))
    }

    /// The raw value of a name; during a scan the name is only noted.
    fn look_up(
        &mut self,
        name: &[u8],
        place: Span,
        span: Span,
        purpose: Purpose,
    ) -> Result<Option<Cow<'v, [u8]>>, Abort> {
        let Some((lookup, observer)) = &mut self.source else {
            self.notices.push(Notice::Name { name: name.to_vec(), span: place });
            return Ok(None);
        };
        let raw = lookup.raw(name);
        let (within, depth) = (self.within.last().map(Vec::as_slice), self.within.len());
        observer.looked_up(&Step { name, raw: raw.as_deref(), purpose, within, span, depth });
        let bytes = if purpose == Purpose::Substitute { raw.as_ref().map_or(0, |raw| raw.len()) } else { 0 };
        self.spend(WORK_PER_NAME.saturating_add(bytes))?;
        Ok(raw)
    }

    fn call(&mut self, span: Span, function: Function, domain: &[u8], out: &mut Vec<u8>) -> Result<bool, Abort> {
        let Some((lookup, _)) = &mut self.source else {
            return Ok(true);
        };
        let converted = function.simple(domain).map_or_else(|| lookup.convert_domain(function, domain), Ok);
        match converted {
            Ok(result) => {
                self.spend(result.len())?;
                out.extend_from_slice(&result);
                Ok(true)
            }
            Err(why) => {
                let (service, form) = match function {
                    Function::DomainToAscii => ("midna_domain_to_ascii_create", "ASCII"),
                    Function::DomainToUtf8 => ("midna_domain_to_utf8_create", "UTF8"),
                };
                let mut first = format!("{service}: Problem translating domain \"").into_bytes();
                first.extend_from_slice(domain);
                first.extend_from_slice(format!("\" to {form} form: {why}").as_bytes());
                let second = [b"bad domain argument in: '", function.name().as_bytes(), b"{", domain, b"}'"].concat();
                let reason = Reason::Domain(function, domain.to_vec());
                self.problem(span, first, reason.clone())?;
                self.problem(span, second, reason)?;
                Ok(false)
            }
        }
    }

    fn incomparable(&mut self, span: Span, error: CompareError) -> Result<bool, Abort> {
        match error {
            CompareError::Level(level) => {
                let message = [b"malformed compatibility level syntax: \"", level.as_slice(), b"\""].concat();
                self.problem(span, message, Reason::Level(level))?;
                Ok(false)
            }
            CompareError::Number(digits) => {
                // Postfix ends here, whatever it had noticed before.
                self.reason = Some(Reason::Number(digits));
                Err(Abort)
            }
        }
    }

    fn too_deep(&mut self, value: &[u8], node: &Node) -> Result<(), Abort> {
        let content = node.content(value);
        let message = [b"unreasonable macro call nesting: \"", content.as_ref(), b"\""].concat();
        let mut chain = self.within.clone();
        if let Node::Name { name, .. } = node {
            chain.push(slice(value, *name).to_vec());
        }
        let reason = cycle(&chain).map_or(Reason::Nesting(chain), Reason::Cycle);
        self.problem(node.span(), message, reason)?;
        self.books.failed = true;
        Ok(())
    }

    fn fault(&mut self, value: &[u8], fault: &Fault) -> Result<(), Abort> {
        self.problem(fault.span, fault.message(value), Reason::Syntax)
    }

    fn problem(&mut self, span: Span, message: Vec<u8>, reason: Reason) -> Result<(), Abort> {
        self.spend(WORK_PER_NAME.saturating_add(message.len()))?;
        self.reason.get_or_insert(reason);
        let within = self.within.last().cloned();
        self.notices.push(Notice::Problem(Problem { within, span, message }));
        Ok(())
    }

    fn spend(&mut self, work: usize) -> Result<(), Abort> {
        self.work = self.work.saturating_add(work);
        if self.work <= MAX_WORK {
            return Ok(());
        }
        let names = &self.within;
        self.reason.get_or_insert_with(|| Reason::TooLarge(names.clone()));
        Err(Abort)
    }
}

/// The first way from a name back to itself.
fn cycle(chain: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    (0..chain.len()).find_map(|start| {
        let length = chain[start + 1..].iter().position(|name| *name == chain[start])?;
        Some(chain[start..=start + 1 + length].to_vec())
    })
}

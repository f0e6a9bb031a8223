//! The services of master.cf and the parameters that their `-o` arguments set.
//!
//! `-o name=value`, `-oname=value` and `-o { name = value }` set a main.cf parameter for one service. Only the daemons
//! that come with Postfix read `-o`; options end at the first argument that is none.
//!
//! Source: master(5), postconf(5).

use crate::base::Span;
use crate::syntax::Text;
use crate::syntax::main_cf::split_assignment;
use crate::syntax::master_cf::{MasterCf, ServiceLine};
use std::collections::HashMap;

/// A service and what it overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its line in master.cf.
    pub line: ServiceLine,
    /// The parameters that it sets, in order; a later one of the same name wins.
    pub overrides: Vec<Override>,
    /// `-o` arguments that set nothing.
    pub faults: Vec<OverrideFault>,
    /// The last of [`Self::overrides`] for each name, where there are many.
    last: HashMap<Vec<u8>, usize>,
}

/// So few are looked through one by one.
const FEW: usize = 16;

/// One `-o name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The parameter.
    pub name: Text,
    /// Its value for this service.
    pub value: Text,
    /// Whether it stood in braces.
    pub braced: bool,
    /// From `-o` to the end of the value.
    pub span: Span,
}

/// A `-o` that sets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideFault {
    /// What is wrong.
    pub kind: OverrideFaultKind,
    /// What stands in braces, if it does.
    pub braced: Option<Text>,
    /// Where.
    pub span: Span,
}

/// What can be wrong with a `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideFaultKind {
    /// Nothing stands behind `-o`.
    MissingArgument,
    /// What stands behind it has no `=`.
    MissingEquals,
    /// Nothing stands before the `=`.
    MissingName,
}

impl Service {
    /// `name/type`, as postconf -M names a service.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}", self.line.name().to_string_lossy(), self.line.service_type().to_string_lossy())
    }

    /// The value that this service sets for a parameter.
    #[must_use]
    pub fn value(&self, name: &[u8]) -> Option<&Override> {
        if self.overrides.len() > FEW {
            return self.last.get(name).map(|&at| &self.overrides[at]);
        }
        self.overrides.iter().rev().find(|set| set.name.bytes() == name)
    }
}

/// The services of a master.cf, in order.
#[must_use]
pub fn services(master: &MasterCf) -> Vec<Service> {
    master.services.iter().map(service).collect()
}

/// Splits an argument such as `-o`, `-oname=value` or `-vo` at its `o`: the flags before it, with their `-`, and what
/// is joined.
#[must_use]
pub fn override_flag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let flags = text.strip_prefix(b"-")?;
    let at = flags.iter().position(|&byte| byte == b'o')?;
    flags[..at].iter().all(u8::is_ascii_alphabetic).then(|| (&text[..=at], &text[at + 2..]))
}

fn service(line: &ServiceLine) -> Service {
    let mut overrides = Vec::new();
    let mut faults = Vec::new();
    let mut arguments = line.arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = argument.text.bytes();
        if argument.braced || text.first() != Some(&b'-') || text == b"--" {
            break;
        }
        let Some((flags, joined)) = override_flag(text) else { continue };
        let (assignment, braced, span) = if joined.is_empty() {
            let Some(next) = arguments.next() else {
                let kind = OverrideFaultKind::MissingArgument;
                faults.push(OverrideFault { kind, braced: None, span: argument.span });
                break;
            };
            (next.text.clone(), next.braced, argument.span.cover(next.span))
        } else {
            let start = flags.len() + 1;
            let braced = joined.len() > 1 && joined.starts_with(b"{") && joined.ends_with(b"}");
            let range = if braced { start + 1..text.len() - 1 } else { start..text.len() };
            (argument.text.slice(argument.text.trim_range(range)), braced, argument.span)
        };
        match split_assignment(assignment.bytes()) {
            Ok((name, _, value)) => {
                overrides.push(Override { name: assignment.slice(name), value: assignment.slice(value), braced, span })
            }
            Err(kind) => {
                let kind = match kind {
                    crate::syntax::FaultKind::MissingName => OverrideFaultKind::MissingName,
                    _ => OverrideFaultKind::MissingEquals,
                };
                faults.push(OverrideFault { kind, braced: braced.then_some(assignment), span });
            }
        }
    }
    let named = |(at, set): (usize, &Override)| (set.name.bytes().to_vec(), at);
    let last = if overrides.len() > FEW { overrides.iter().enumerate().map(named).collect() } else { HashMap::new() };
    Service { line: line.clone(), overrides, faults, last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::syntax::master_cf::parse_master_cf;
    use std::sync::Arc;

    fn overrides(arguments: &str) -> (Vec<String>, Vec<OverrideFaultKind>) {
        let source = Arc::new(Source::new("master.cf", format!("a unix - - n - - smtpd {arguments}\n")));
        let service = services(&parse_master_cf(&source)).remove(0);
        let show = |o: &Override| format!("{}={}", o.name.to_string_lossy(), o.value.to_string_lossy());
        (service.overrides.iter().map(show).collect(), service.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn overrides_in_all_their_forms() {
        use OverrideFaultKind::{MissingArgument, MissingEquals, MissingName};
        let cases: &[(&str, &[&str], &[OverrideFaultKind])] = &[
            ("-v -o a=b -oc=d -o { e = f g } -o { h=i }", &["a=b", "c=d", "e=f g", "h=i"], &[]),
            ("-o a= -o b", &["a="], &[MissingEquals]),
            ("-o =x -o", &[], &[MissingName, MissingArgument]),
            ("x -o a=b", &[], &[]),
            ("-vo a=b -vvoc=d -D", &["a=b", "c=d"], &[]),
            ("-o{ a = b c } -o d={ e f }", &["a=b c", "d={ e f }"], &[]),
        ];
        for (arguments, expected, faults) in cases {
            let expected: Vec<String> = expected.iter().map(|text| (*text).to_string()).collect();
            assert_eq!(overrides(arguments), (expected, faults.to_vec()), "{arguments}");
        }
    }
}

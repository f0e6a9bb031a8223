//! MS011: an argument that a daemon of Postfix does not take.

use crate::config::catalogue::daemon_command;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::master_cf::Argument;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS011",
    name: "stray-argument",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "an argument that the daemon does not take: most often the rest of a `-o` with a blank in it",
    why: "master.cf is split at white space before anybody looks at -o, and knows no quotes: what stands behind the blank is an argument of \
          its own, and the daemon ends (`unexpected command-line argument`).",
    example: "smtp inet n - n - - smtpd\n  -o smtpd_client_restrictions=permit_mynetworks, reject\n",
    remedy: "Write `-o { name = value }`, or leave the blanks out: commas alone separate elements.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Daemons that take arguments of their own.
const TAKE_ARGUMENTS: [&[u8]; 2] = [b"pipe", b"spawn"];
/// Options that take a value.
const WITH_VALUE: &[u8] = b"cimnost";

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in &site.configuration.files.services {
        let command = service.line.command();
        if TAKE_ARGUMENTS.contains(&command.bytes()) || daemon_command(&command.to_string_lossy()).is_none() {
            continue;
        }
        // `-o name = value` has a rule of its own.
        let Some((before, stray)) = first_stray(&service.line.arguments).filter(|_| service.faults.is_empty()) else {
            continue;
        };
        let shown = stray.text.to_string_lossy();
        let mut finding = Finding::new(
            &RULE,
            format!("{} does not take the argument {shown}", command.to_string_lossy()),
        )
        .at(source, stray.span, "the daemon ends");
        finding.help = Some(match before {
            Some(before) => {
                let start = before.text.to_string_lossy();
                let (name, value) = start.split_once('=').unwrap_or((&start, ""));
                let value = [value, &shown].join(" ");
                format!("write -o {{ {name} = {} }}", value.replace('"', ""))
            }
            None => RULE.remedy.to_string(),
        });
        findings.push(finding);
    }
}

/// The first argument that is no option, and the `-o` that stands before it.
fn first_stray(arguments: &[Argument]) -> Option<(Option<&Argument>, &Argument)> {
    let mut rest = arguments.iter();
    let mut before = None;
    while let Some(argument) = rest.next() {
        let text = argument.text.bytes();
        if argument.braced || text.first() != Some(&b'-') || text.len() < 2 {
            return Some((before, argument));
        }
        before = None;
        let takes_next = text.last().filter(|_| text.len() == 2).is_some_and(|letter| WITH_VALUE.contains(letter));
        if takes_next {
            let value = rest.next();
            before = value.filter(|_| text == b"-o");
        } else if text.starts_with(b"-o") {
            before = None;
        }
    }
    None
}

//! MS010: arguments of pipe(8) or spawn(8) with which it does not start, or delivers nothing.

use crate::base::suggest;
use crate::config::pipe_macros::{FLAGS, MACROS, MacroFault, macro_faults};
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::accounts::Accounts;
use crate::syntax::master_cf::Argument;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS010",
    name: "pipe-argument",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "arguments of a pipe or spawn service with which it does not start, or delivers nothing",
    why: "pipe(8) and spawn(8) end without a user= and an argv=, for a user or group that is not there, that is root or Postfix's own, and for \
          an attribute or flag that they do not know; for a ${name} that pipe does not know it puts all mail off (`mail system configuration \
          error`).",
    example: "vacation unix - n n - - pipe\n  flags=Rq argv=/usr/bin/vacation ${sender}\n",
    remedy: "Write user=NAME, not root, and then argv=COMMAND with its arguments.",
    fix: None,
    link: "https://www.postfix.org/pipe.8.html",
};

/// What pipe takes before the command.
const OF_PIPE: [&str; 8] = ["argv=", "chroot=", "directory=", "eol=", "flags=", "null_sender=", "size=", "user="];
/// What spawn takes.
const OF_SPAWN: [&str; 2] = ["argv=", "user="];

/// A fault: what is said, how much it matters, the label, and what to do.
struct Wrong {
    message: String,
    severity: Severity,
    label: String,
    help: String,
}

impl Wrong {
    fn new(message: String, label: &str, help: impl Into<String>) -> Self {
        Self { message, severity: RULE.severity, label: label.to_string(), help: help.into() }
    }
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in &site.configuration.files.services {
        let attributes: &[&str] = match service.line.command().bytes() {
            b"pipe" => &OF_PIPE,
            b"spawn" => &OF_SPAWN,
            _ => continue,
        };
        let arguments = &service.line.arguments;
        let argv = arguments.iter().position(|argument| is_named(argument.text.bytes(), b"argv="));
        let (before, command) = arguments.split_at(argv.unwrap_or(arguments.len()));
        let mut tell = |span, wrong: Wrong| {
            let finding = Finding::new(&RULE, wrong.message).severity(wrong.severity);
            findings.push(finding.at(source, span, wrong.label).help(wrong.help));
        };
        let who = service.label();
        let daemon = service.line.command().to_string_lossy();
        let place = service.line.command().span();
        if argv.is_none() {
            let label = format!("{daemon} ends: there is no command");
            tell(place, Wrong::new(format!("{who} has no argv="), &label, RULE.remedy));
        }
        let own = own_arguments(before);
        if !own.iter().any(|argument| is_named(argument.text.bytes(), b"user=")) {
            let label = format!("{daemon} ends: it must know whose command it is");
            tell(place, Wrong::new(format!("{who} has no user="), &label, RULE.remedy));
        }
        for argument in own.into_iter().filter(|argument| !argument.braced) {
            if let Some(wrong) = of_attribute(site, service, &daemon, &argument.text.to_string_lossy(), attributes) {
                tell(argument.span, wrong);
            }
        }
        if let Some(program) = command.first()
            && let Some(wrong) = of_program(&program.text.to_string_lossy()["argv=".len()..])
        {
            tell(program.span, wrong);
        }
        for argument in command.iter().filter(|_| daemon == "pipe") {
            for fault in macro_faults(&argument.text.to_string_lossy()) {
                tell(argument.span, of_macro(fault));
            }
        }
    }
}

/// Whether a text begins with `name=`, in whatever case.
fn is_named(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// The arguments that are no options of every daemon.
fn own_arguments(arguments: &[Argument]) -> Vec<&Argument> {
    let mut own = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.text.bytes() {
            b"-o" => drop(rest.next()),
            [b'-', ..] => {}
            _ => own.push(argument),
        }
    }
    own
}

fn of_attribute(site: &LoadedSite, service: &Service, daemon: &str, text: &str, known: &[&str]) -> Option<Wrong> {
    let ends = format!("{daemon} ends");
    let name = known.iter().find(|name| is_named(text.as_bytes(), name.as_bytes()));
    let value = name.map(|name| &text[name.len()..]);
    match (name.copied(), value) {
        (Some("user="), Some(user)) => of_user(site, service, &ends, user),
        (Some("flags="), Some(flags)) => {
            let odd = flags.chars().find(|&flag| !FLAGS.contains(flag))?;
            Some(Wrong::new(
                format!("pipe has no flag {odd}"),
                &ends,
                "the flags are B, D, F, O, R, X, h, q, u, . and >",
            ))
        }
        (Some("size="), Some(size)) => size.parse::<i64>().is_err().then(|| {
            Wrong::new(format!("{size} is no number of bytes"), &ends, "write the number alone, such as size=10485760")
        }),
        (Some(_), _) => None,
        (None, _) => {
            let written = text.split_inclusive('=').next().unwrap_or(text);
            let help = match suggest(written, known.iter().copied()).first() {
                Some(similar) => format!("did you mean {similar}?"),
                None => format!("{daemon} takes {}", known.join(" ")),
            };
            Some(Wrong::new(format!("{daemon} has no attribute {}", written.trim_end_matches('=')), &ends, help))
        }
    }
}

fn of_user(site: &LoadedSite, service: &Service, ends: &str, text: &str) -> Option<Wrong> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let value = |name: &[u8]| {
        let value = site.configuration.expanded(name, Some(service)).unwrap_or_default();
        String::from_utf8_lossy(&value).into_owned()
    };
    let help = "name an account that owns nothing else";
    if matches!(user, "root" | "0") {
        let message = format!("{} would run its command as root", service.label());
        return Some(Wrong::new(message, "Postfix refuses this", help));
    }
    if user == value(b"mail_owner") {
        return Some(Wrong::new(format!("{user} owns the mail system, and runs no commands"), ends, help));
    }
    let group = group.filter(|group| !group.is_empty());
    if let Some(group) = group.filter(|group| matches!(*group, "root" | "0") || *group == value(b"setgid_group")) {
        return Some(Wrong::new(format!("the group {group} has privileges, and runs no commands"), ends, help));
    }
    let unknown = |what: &str, name: &str, accounts: Accounts| {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        // The machine that a checkout is for may have other accounts.
        let is_certain = is_number || name.is_empty() || !site.is_checkout();
        (!accounts.has(site, name) && (site.is_whole || is_certain)).then(|| Wrong {
            message: format!("there is no {what} {name}"),
            severity: if is_certain { Severity::Error } else { Severity::Info },
            label: if is_certain { ends.to_string() } else { format!("{ends} unless its machine has it") },
            help: match is_number {
                true => format!("write the name of the {what}: numbers are taken for names"),
                false => format!("name a {what} of the machine, or add this one"),
            },
        })
    };
    unknown("user", user, Accounts::Users).or_else(|| unknown("group", group?, Accounts::Groups))
}

/// No shell reads the command: nothing takes quotes away, and there are no pipelines.
fn of_program(name: &str) -> Option<Wrong> {
    let plain = name.trim_matches(['"', '\'', '|', '{', '}', ',']);
    let help = match name.chars().next() {
        None => "write argv=COMMAND without a blank behind the =".to_string(),
        Some('"' | '\'' | '|' | '{') => format!("write argv={plain}: no shell reads this line"),
        Some(_) => return None,
    };
    let message =
        if name.is_empty() { "the command has no name".into() } else { format!("there is no program {name}") };
    Some(Wrong::new(message, "every message is put off", help))
}

fn of_macro(fault: MacroFault) -> Wrong {
    let (message, help) = match fault {
        MacroFault::Unknown(name) => {
            let help = match suggest(name, MACROS).first() {
                Some(similar) => format!("did you mean ${{{similar}}}?"),
                None => "pipe(8) lists the names".to_string(),
            };
            (format!("pipe does not know ${{{name}}}"), help)
        }
        MacroFault::Truncated(rest) => (format!("${rest} has no end"), "close the brace or parenthesis".to_string()),
    };
    Wrong::new(message, "all mail is put off", help)
}

//! MS010: arguments of pipe(8) with which it does not start, or delivers nothing.

use crate::base::suggest;
use crate::config::pipe_macros::{FLAGS, MACROS, MacroFault, macro_faults};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::master_cf::Argument;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS010",
    name: "pipe-argument",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "arguments of a pipe service with which it does not start, or delivers nothing",
    why: "pipe(8) ends without a user= and an argv=, as root, and for a flag that it does not know; for a ${name} that it does not know it \
          puts all mail off (`mail system configuration error`).",
    example: "vacation unix - n n - - pipe\n  flags=Rq argv=/usr/bin/vacation ${sender}\n",
    remedy: "Write user=NAME, not root, and then argv=COMMAND with its arguments.",
    fix: None,
    link: "https://www.postfix.org/pipe.8.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in site.configuration.files.services.iter().filter(|service| service.line.command().bytes() == b"pipe")
    {
        let arguments = &service.line.arguments;
        let argv = arguments.iter().position(|argument| argument.text.bytes().starts_with(b"argv="));
        let (before, command) = arguments.split_at(argv.unwrap_or(arguments.len()));
        let place = service.line.command().span();
        let mut tell = |message: String, span, label: &str, help: String| {
            findings.push(Finding::new(&RULE, message).at(source, span, label).help(help));
        };
        let who = service.label();
        if argv.is_none() {
            tell(format!("{who} has no argv="), place, "pipe ends: there is no command", RULE.remedy.to_string());
        }
        match value_of(before, b"user=") {
            None => tell(
                format!("{who} has no user="),
                place,
                "pipe ends: it must know whose command it is",
                RULE.remedy.to_string(),
            ),
            Some((argument, user)) if matches!(user.split(':').next(), Some("root" | "0")) => tell(
                format!("{who} would run its command as root"),
                argument.span,
                "pipe refuses this",
                "name an account that owns nothing else".to_string(),
            ),
            Some(_) => {}
        }
        if let Some((argument, flags)) = value_of(before, b"flags=")
            && let Some(odd) = flags.bytes().find(|&flag| !FLAGS.contains(char::from(flag)))
        {
            let help = "the flags are B, D, F, O, R, X, h, q, u, . and >".to_string();
            tell(format!("pipe has no flag {}", char::from(odd)), argument.span, "pipe ends", help);
        }
        for argument in command {
            for fault in macro_faults(&argument.text.to_string_lossy()) {
                let (message, help) = match fault {
                    MacroFault::Unknown(name) => {
                        let help = match suggest(name, MACROS).first() {
                            Some(similar) => format!("did you mean ${{{similar}}}?"),
                            None => "pipe(8) lists the names".to_string(),
                        };
                        (format!("pipe does not know ${{{name}}}"), help)
                    }
                    MacroFault::Truncated(rest) => {
                        (format!("${rest} has no end"), "close the brace or parenthesis".to_string())
                    }
                };
                tell(message, argument.span, "all mail is put off", help);
            }
        }
    }
}

fn value_of<'a>(arguments: &'a [Argument], name: &[u8]) -> Option<(&'a Argument, String)> {
    let argument = arguments.iter().find(|argument| argument.text.bytes().starts_with(name))?;
    Some((argument, String::from_utf8_lossy(&argument.text.bytes()[name.len()..]).into_owned()))
}

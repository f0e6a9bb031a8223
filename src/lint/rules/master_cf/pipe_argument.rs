//! MS010: arguments of pipe(8) with which it does not start, or delivers nothing.

use crate::base::suggest;
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

/// Names that it fills in.
const MACROS: [&str; 15] = [
    "client_address",
    "client_helo",
    "client_hostname",
    "client_port",
    "client_protocol",
    "domain",
    "envid",
    "extension",
    "mailbox",
    "nexthop",
    "original_recipient",
    "queue_id",
    "recipient",
    "sasl_method",
    "sasl_sender",
];
/// The others.
const MORE_MACROS: [&str; 4] = ["sasl_username", "sender", "size", "user"];
/// The flags.
const FLAGS: &[u8] = b"BDFORXhqu.>";

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
            && let Some(odd) = flags.bytes().find(|flag| !FLAGS.contains(flag))
        {
            let help = "the flags are B, D, F, O, R, X, h, q, u, . and >".to_string();
            tell(format!("pipe has no flag {}", char::from(odd)), argument.span, "pipe ends", help);
        }
        for argument in command {
            for name in macros(argument.text.bytes()) {
                let known = || MACROS.into_iter().chain(MORE_MACROS);
                if known().any(|known| known == name) {
                    continue;
                }
                let help = match suggest(&name, known()).first() {
                    Some(similar) => format!("did you mean ${{{similar}}}?"),
                    None => "pipe(8) lists the names".to_string(),
                };
                tell(format!("pipe does not know ${{{name}}}"), argument.span, "all mail is put off", help);
            }
        }
    }
}

fn value_of<'a>(arguments: &'a [Argument], name: &[u8]) -> Option<(&'a Argument, String)> {
    let argument = arguments.iter().find(|argument| argument.text.bytes().starts_with(name))?;
    Some((argument, String::from_utf8_lossy(&argument.text.bytes()[name.len()..]).into_owned()))
}

/// The names behind `$` in an argument: `$name`, `${name}` and `$(name)`.
fn macros(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut names = Vec::new();
    let mut rest = &*text;
    while let Some((_, behind)) = rest.split_once('$') {
        // `$$` is a dollar.
        if let Some(behind) = behind.strip_prefix('$') {
            rest = behind;
            continue;
        }
        let inside = behind.trim_start_matches(['{', '(']);
        let end = inside.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(inside.len());
        if end > 0 {
            names.push(inside[..end].to_string());
        }
        rest = &inside[end..];
    }
    names
}

#[cfg(test)]
mod tests {
    use super::macros;

    #[test]
    fn names_in_arguments() {
        assert_eq!(macros(b"${sender}@$(user)+$extension"), ["sender", "user", "extension"]);
        assert_eq!(macros(b"a$$b ${recipient?x}$"), ["recipient"]);
    }
}

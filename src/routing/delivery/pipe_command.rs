//! The arguments of pipe(8) in master.cf: with which it does not run, and which keep every message back.
//!
//! Accounts that this machine does not know may be those of the one that is meant; what they may not be is looked at.
//!
//! Source: pipe(8), experiments with 3.11.

use crate::config::pipe_macros::{FLAGS, MacroFault, macro_faults};
use crate::config::services::override_flag;
use crate::routing::router::Router;

/// What no name of a user or a program has: here nothing takes quotes away.
const QUOTES: [char; 3] = ['"', '\'', ','];

/// The arguments behind the options: attributes, and the command.
fn arguments(router: &Router<'_>) -> Option<(Vec<String>, Option<Vec<String>>)> {
    let line = &router.service()?.line;
    let mut rest = line.arguments.iter();
    let (mut attributes, mut command) = (Vec::new(), None);
    while let Some(argument) = rest.next() {
        let text = argument.text.to_string_lossy();
        if attributes.is_empty() && !argument.braced && text.starts_with('-') {
            if override_flag(text.as_bytes()).is_some_and(|(_, joined)| joined.is_empty()) {
                rest.next();
            }
        } else if let Some(first) = after_name(&text, "argv") {
            let others = rest.by_ref().map(|argument| argument.text.to_string_lossy());
            command = Some(std::iter::once(first.to_string()).chain(others).collect());
        } else {
            attributes.push(text);
        }
    }
    Some((attributes, command))
}

/// What stands behind `NAME=`, in whatever case that is written.
fn after_name<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split_once('=').filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// With what pipe ends, for the service that is asked.
pub(super) fn pipe_start_fault(router: &Router<'_>) -> Option<String> {
    let (attributes, command) = arguments(router)?;
    let mut user = None;
    for attribute in &attributes {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match name.to_ascii_lowercase().as_str() {
            "user" => user = Some(value),
            "flags" => {
                if let Some(flag) = value.chars().find(|&flag| !FLAGS.contains(flag)) {
                    return Some(format!("unknown flag: {flag} (ignored)"));
                }
            }
            "size" if value.parse::<u64>().is_err() => {
                return Some(format!("get_service_attr: bad size= value: {value}"));
            }
            "eol" | "null_sender" | "directory" | "chroot" | "size" if attribute.contains('=') => {}
            _ => return Some(format!("unknown attribute name: {attribute}")),
        }
    }
    let Some(user) = user else { return Some("missing user= command-line attribute".into()) };
    if command.is_none() {
        return Some("missing argv= command-line attribute".into());
    }
    let (name, group) = user.split_once(':').map_or((user, None), |(name, group)| (name, Some(group)));
    let is_root = name == "root" || router.account(name.as_bytes()).is_some_and(|account| account.uid == Some(0));
    let is = |parameter: &str, name: &str| router.text(parameter).is_ok_and(|text| &*text == name.as_bytes());
    let never = |name: &str| name.is_empty() || name.bytes().all(|byte| byte.is_ascii_digit()) || name.contains(QUOTES);
    match group {
        _ if never(name) => Some(format!("get_service_attr: unknown username: {name}")),
        Some(group) if !group.is_empty() && never(group) => Some(format!("get_service_attr: unknown group: {group}")),
        _ if is_root => Some("user= command-line attribute specifies root privileges".into()),
        _ if is("mail_owner", name) => Some(format!("user= command-line attribute specifies mail system owner {name}")),
        Some("root") => Some("user= command-line attribute specifies privileged group id 0".into()),
        Some(group) if is("setgid_group", group) => {
            Some(format!("user= command-line attribute specifies mail system {group} group id"))
        }
        _ => None,
    }
}

/// What in the command of the service that is asked keeps each message back.
pub(super) fn bad_macro(router: &Router<'_>) -> Option<String> {
    let (_, command) = arguments(router)?;
    command?.iter().find_map(|argument| macro_fault(argument))
}

fn macro_fault(argument: &str) -> Option<String> {
    Some(match macro_faults(argument).first()? {
        MacroFault::Unknown(name) => format!("unknown macro name: \"{name}\""),
        MacroFault::Truncated(rest) => format!("truncated macro reference: \"${rest}\""),
    })
}

/// Whether the command can be no program: quotes and a bar are part of its name, and a missing one is an empty name.
pub(super) fn is_no_program(router: &Router<'_>) -> bool {
    let command = arguments(router).and_then(|(_, command)| command).unwrap_or_default();
    command.first().is_some_and(|name| name.is_empty() || name.starts_with(['"', '\'', '|', '{']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warnings of pipe of Postfix 3.11.7.
    #[test]
    fn macros_that_nobody_knows() {
        let cases = [
            ("${nosuch}", Some("unknown macro name: \"nosuch\"")),
            ("$nosuch", Some("unknown macro name: \"nosuch\"")),
            ("${RECIPIENT}", Some("unknown macro name: \"RECIPIENT\"")),
            ("${user?x}", Some("unknown macro name: \"user?x\"")),
            ("${user", Some("truncated macro reference: \"${user\"")),
            ("$(", Some("truncated macro reference: \"$(\"")),
            ("a$$b", None),
            ("${recipient}$sender$(user)/${envid}", None),
        ];
        for (argument, expected) in cases {
            assert_eq!(macro_fault(argument).as_deref(), expected, "{argument}");
        }
    }
}

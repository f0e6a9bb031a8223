//! What is known of an access restriction.

use crate::commands::terminal::output::wrapped;
use crate::config::catalogue::{Argument, Restriction, Version, about, restriction_lists};
use serde_json::{Value, json};

/// What follows the name.
fn argument(restriction: &Restriction) -> Option<&'static str> {
    match restriction.argument {
        Argument::None => None,
        Argument::Table => Some("a lookup table, type:name"),
        Argument::Domain => Some("the domain of a list in the DNS, perhaps with =pattern of the answers that count"),
        Argument::Service => Some("the socket of a policy server, such as unix:private/policy or inet:127.0.0.1:9998"),
        Argument::Seconds => Some("a number of seconds"),
    }
}

/// The lists where it can have an effect.
fn lists(restriction: &Restriction) -> Vec<&'static str> {
    let lists = restriction_lists().iter().filter(|list| restriction.stages.contains(&list.stage));
    lists.map(|list| list.parameter).collect()
}

fn link(restriction: &Restriction) -> Option<String> {
    restriction.documented_under.map(|_| format!("https://www.postfix.org/postconf.5.html#{}", restriction.name))
}

/// The explanation for people.
pub(super) fn text(restriction: &Restriction, width: usize) -> String {
    let mut out = format!("{}\n", restriction.name);
    if let Some(about) = about(restriction.name) {
        out.push_str(&wrapped(about, "", width));
        out.push('\n');
    }
    let mut line = |name: &str, text: &str| {
        let block = wrapped(text, "            ", width);
        out.push_str(&format!("{:12}{}", format!("{name}:"), block.trim_start()));
    };
    line("what", "an access restriction of the SMTP server");
    if let Some(argument) = argument(restriction) {
        line("argument", argument);
    }
    let first = restriction.introduced;
    let since = if first <= Version::new(1, 1) { "1.1 or earlier".to_string() } else { first.to_string() };
    line("versions", &format!("since {since}"));
    line("works in", &lists(restriction).join(", "));
    if !restriction.note.is_empty() {
        line("note", restriction.note);
    }
    if let Some(link) = link(restriction) {
        line("manual", &link);
    }
    out
}

/// The explanation for programs.
pub(super) fn document(restriction: &Restriction) -> Value {
    json!({
        "name": restriction.name,
        "summary": about(restriction.name),
        "argument": argument(restriction),
        "introduced": restriction.introduced.to_string(),
        "lists": lists(restriction),
        "note": restriction.note,
        "link": link(restriction),
    })
}

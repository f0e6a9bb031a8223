//! Options of many words: privacy flags, the greeting, the paths of .forward files, the macros for filters.

use super::super::report::Verdict;
use super::state::State;

const LEAVE: &str = "leave it out";

fn main_cf(parameter: &str) -> Verdict {
    Verdict::carried(format!("main.cf: {parameter}"))
}

pub(super) fn forward_path(state: &mut State, _: &str, value: &str) -> Verdict {
    let mut paths: Vec<String> = Vec::new();
    let mut dropped = false;
    for path in value.split(':').map(str::trim).filter(|path| !path.is_empty()) {
        // What is named for the host, Postfix has no name for.
        if path.contains("$w") {
            dropped = true;
            continue;
        }
        let path =
            path.replace("+$h", "${recipient_delimiter}${extension}").replace("$z", "$home").replace("$u", "$user");
        let known = path.replace("${recipient_delimiter}${extension}", "").replace("$home", "").replace("$user", "");
        if known.contains('$') {
            return Verdict::decide(
                format!("Postfix has nothing for the macros in {path}"),
                &["set forward_path", LEAVE],
            );
        }
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Verdict::decide("no file of it is one that Postfix can name", &["set forward_path", LEAVE]);
    }
    state.set("forward_path", paths.join(", "), "");
    match dropped {
        true => Verdict::changed("main.cf: forward_path, without the files that are named for the host, $w"),
        false => main_cf("forward_path"),
    }
}

pub(super) fn milter_macros(state: &mut State, name: &str, value: &str) -> Verdict {
    let parameter = match name.trim_start_matches("confMILTER_MACROS_") {
        "CONNECT" => "milter_connect_macros",
        "HELO" => "milter_helo_macros",
        "ENVFROM" => "milter_mail_macros",
        "ENVRCPT" => "milter_rcpt_macros",
        "DATA" => "milter_data_macros",
        "EOH" => "milter_end_of_header_macros",
        _ => "milter_end_of_data_macros",
    };
    let macros: Vec<&str> = value.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    state.set(parameter, macros.join(" "), "");
    main_cf(parameter)
}

pub(super) fn privacy(state: &mut State, _: &str, value: &str) -> Verdict {
    let mut to: Vec<&str> = Vec::new();
    let mut unknown = None;
    let flags: Vec<String> =
        value.split([',', ' ']).map(str::to_ascii_lowercase).filter(|flag| !flag.is_empty()).collect();
    for flag in &flags {
        match flag.as_str() {
            "needmailhelo" => {
                state.set("smtpd_helo_required", "yes", "");
                to.push("smtpd_helo_required");
            }
            "novrfy" => {
                state.set("disable_vrfy_command", "yes", "");
                to.push("disable_vrfy_command");
            }
            "goaway" => {
                state.set("smtpd_helo_required", "yes", "");
                state.set("disable_vrfy_command", "yes", "");
                to.extend(["smtpd_helo_required", "disable_vrfy_command"]);
            }
            "noetrn" | "noreceipts" => {
                let keyword = if flag == "noetrn" { "etrn" } else { "dsn" };
                state.add("smtpd_discard_ehlo_keywords", keyword, ", ");
                to.push("smtpd_discard_ehlo_keywords");
            }
            "nobodyreturn" => {
                state.set("bounce_size_limit", "1", "bounces have the headers only");
                to.push("bounce_size_limit");
            }
            "restrictmailq" => {
                state.set("authorized_mailq_users", "root", "");
                to.push("authorized_mailq_users");
            }
            "restrictqrun" => {
                state.set("authorized_flush_users", "root", "");
                to.push("authorized_flush_users");
            }
            // Postfix has no EXPN, no VERB, and no such warnings.
            "public" | "authwarnings" | "noexpn" | "noverb" | "needexpnhelo" | "needvrfyhelo" | "restrictexpand" => {}
            _ => unknown = Some(flag.clone()),
        }
    }
    to.dedup();
    if let Some(flag) = unknown {
        let rest = if to.is_empty() { String::new() } else { format!("; the others: main.cf: {}", to.join(", ")) };
        return Verdict::decide(format!("there is no privacy flag {flag}{rest}"), &["correct it", LEAVE]);
    }
    match to.is_empty() {
        true => Verdict::carried("nothing: Postfix has no EXPN, no VERB, and no such warnings"),
        false if flags.iter().any(|flag| flag == "goaway" || flag.contains("expn") || flag == "authwarnings") => {
            Verdict::carried(format!("main.cf: {}; Postfix has no EXPN, no VERB, and no such warnings", to.join(", ")))
        }
        false => main_cf(&to.join(", ")),
    }
}

/// The greeting: Sendmail puts ESMTP behind its first word.
pub(super) fn banner(state: &mut State, _: &str, value: &str) -> Verdict {
    let (text, dropped) = without_macros(&value.replace("$j", "\u{1}"));
    let mut words: Vec<&str> = text.split_whitespace().filter(|word| *word != "\u{1}").collect();
    if !words.iter().any(|word| word.eq_ignore_ascii_case("esmtp")) {
        words.insert(0, "ESMTP");
    }
    let banner = format!("$myhostname {}", words.join(" "));
    state.set("smtpd_banner", banner.replace('\u{1}', "$myhostname"), "");
    match dropped {
        true => Verdict::changed(
            "main.cf: smtpd_banner, without Sendmail's version, the time and what depends on the client",
        ),
        false => main_cf("smtpd_banner"),
    }
}

/// A text without macros and what they decide, `$?x … $.`; whether there were any.
fn without_macros(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut dropped = false;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        if depth == 0 {
            out.push_str(&rest[..at]);
        }
        dropped = true;
        let behind = &rest[at + 1..];
        let length = match behind.chars().next() {
            Some('{') => behind.find('}').map_or(behind.len(), |end| end + 1),
            Some(char) => char.len_utf8(),
            None => 0,
        };
        match behind.chars().next() {
            Some('?') => depth += 1,
            Some('.') => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = &behind[length..];
    }
    if depth == 0 {
        out.push_str(rest);
    }
    // What stood between macros is left: `(-)`, `;`.
    let words =
        out.split_whitespace().filter(|word| word.chars().any(|char| char.is_alphanumeric() || char == '\u{1}'));
    (words.collect::<Vec<_>>().join(" "), dropped)
}

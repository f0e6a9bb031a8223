//! MS005: a `-o` left behind under a service that is commented out.

use crate::base::Span;
use crate::config::catalogue::ServiceType;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::logical::{is_comment, is_space, trim, trim_start};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS005",
    name: "orphaned-override",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a `-o` left behind under a service that is commented out",
    why: "Comments do not end a service: the -o now belongs to the service before the comment, and changes that one.",
    example: "smtp inet n - n - - smtpd\n#submission inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt\n",
    remedy: "Comment out the -o too, or move it to the service that it is for.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    let mut commented: Option<Span> = None;
    let mut start = 0;
    for line in source.bytes().split(|&byte| byte == b'\n') {
        let span = Span::new(start, start + line.len());
        start += line.len() + 1;
        if is_comment(line) {
            if is_service(line) {
                commented = Some(span);
            }
            continue;
        }
        let Some(comment) = commented.take() else { continue };
        if !is_space(line[0]) || !trim_start(line).starts_with(b"-o") {
            continue;
        }
        let inside = |span: Span| span.start <= comment.start && comment.end <= span.end;
        let Some(service) = site.configuration.files.services.iter().find(|service| inside(service.line.extent)) else {
            continue;
        };
        let place =
            Span::new(span.start + (line.len() - trim_start(line).len()), span.start + line.trim_ascii_end().len());
        findings.push(
            Finding::new(&RULE, format!("this -o belongs to {}", service.label()))
                .at(source, place, "left behind")
                .at(source, comment, "when this was commented out")
                .at(source, service.line.name().span(), "the service that it changes now")
                .help(RULE.remedy),
        );
    }
}

/// Whether a comment is a service behind its `#`.
fn is_service(line: &[u8]) -> bool {
    let text = trim(line);
    let text = &text[text.iter().position(|&byte| byte != b'#').unwrap_or(text.len())..];
    let words: Vec<&[u8]> = text.split(|&byte| is_space(byte)).filter(|word| !word.is_empty()).collect();
    words.len() >= 8 && std::str::from_utf8(words[1]).is_ok_and(|word| ServiceType::from_name(word).is_some())
}

//! `postwright explain`: what a rule finds and why, what a restriction does, what a parameter is and where it is used,
//! or what is known of a package of Postfix.

mod parameter;
mod profile;
mod restriction;
mod rule;

use super::site_options::SiteOptions;
use super::terminal::format::Format;
use super::terminal::output::Output;
use crate::base::{Overlay, suggest};
use crate::config::catalogue::{restriction, suggest_parameter};
use crate::config::facts::{facts, uses};
use crate::config::package::PackageFacts;
use crate::config::{Platform, Site};
use crate::diagnostic::Family;
use crate::diagnostic::render::clean;
use crate::lint::declarations;
use crate::lint::policy::selection::rule_called;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;
use std::process::ExitCode;

/// Explain a rule, a parameter, a restriction or a package
///
/// NAME is the code or the name of a rule, a family of rules (MC, MAP, …), a parameter of main.cf, or an access
/// restriction. Of a parameter, the places are shown that set it or refer to it in the configuration that -c names,
/// else in the system's own, if that can be read. Without NAME, --profile tells what is known of that package, and how.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// A rule, a family of rules, a parameter, or a restriction
    #[arg(value_name = "CODE|PARAMETER", value_parser = NonEmptyStringValueParser::new(), required_unless_present = "profile")]
    name: Option<String>,
    /// Format of the explanation
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
    #[command(flatten)]
    site: SiteOptions,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Explain, output: &Output) -> Result<ExitCode, String> {
    let location = options.site.location(None);
    let platform = options.site.platform(&location.directory())?;
    let is_json = options.format == Format::Json;
    let Some(name) = options.name.as_deref() else { return Ok(package(&platform, is_json, output)) };
    if let Ok(rule) = rule_called(name) {
        if is_json {
            output.line(&json!({ "version": 1, "rule": rule::document(rule) }).to_string());
        } else {
            output.text(&rule::text(rule, output.width()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(family) = Family::ALL.into_iter().find(|family| family.letters() == name) {
        let rules: Vec<_> = declarations().filter(|rule| rule.family == family).collect();
        if is_json {
            let rules: Vec<_> = rules.into_iter().map(rule::document).collect();
            output.line(&json!({ "version": 1, "family": name, "about": family.name(), "rules": rules }).to_string());
        } else {
            output.line(&format!("{name}: {}", family.name()));
            rules.iter().for_each(|rule| output.line(&format!("{} {}: {}", rule.code, rule.name, rule.summary)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(restriction) = restriction(name) {
        if is_json {
            output.line(&json!({ "version": 1, "restriction": restriction::document(restriction) }).to_string());
        } else {
            output.text(&restriction::text(restriction, output.width()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(facts) = facts(name, platform.target, platform.profile) else { return Ok(unknown(name, output)) };
    let places = match Site::open(&location, platform.clone(), &Overlay::default()) {
        Ok(site) => uses(&site.configuration, name),
        Err(error) if !location.is_system() => return Err(error.into()),
        // Nobody said that there is a Postfix here.
        Err(_) => Vec::new(),
    };
    if is_json {
        let document = parameter::document(&facts, &places, &platform);
        output.line(&json!({ "version": 1, "parameter": document }).to_string());
    } else {
        output.text(&parameter::text(&facts, &places, &platform, output.width()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells what is known of the package that the options name.
fn package(platform: &Platform, is_json: bool, output: &Output) -> ExitCode {
    let facts = platform.profile.and_then(|profile| PackageFacts::of(profile, platform.target));
    match facts {
        Some(facts) if is_json => {
            output.line(&json!({ "version": 1, "profile": profile::document(&facts) }).to_string());
        }
        Some(facts) => output.text(&profile::text(&facts, output.width())),
        // An argument is required where none is named.
        None => {}
    }
    ExitCode::SUCCESS
}

/// Says that there is no such name, and what may be meant; status 1.
fn unknown(name: &str, output: &Output) -> ExitCode {
    let hint = {
        let codes = declarations().flat_map(|rule| [rule.code, rule.name]);
        let rule = rule_called(name).err().and_then(|error| error.similar);
        let similar = rule.or_else(|| suggest_parameter(name).similar.into_iter().next());
        let similar = similar.or_else(|| suggest(name, codes).first().map(ToString::to_string));
        similar.map_or_else(String::new, |similar| format!("did you mean {similar}?"))
    };
    let end = if hint.is_empty() { String::new() } else { format!("; {hint}") };
    output.warning(&format!("postwright: no rule and no parameter is called {}{end}", clean(name)));
    ExitCode::from(1)
}

#[cfg(test)]
mod tests {
    use crate::commands::terminal::output::wrapped;

    #[test]
    fn text_is_wrapped_between_words() {
        let cases = [
            ("one two three", "", 7, "one two\nthree\n"),
            ("one  two\nthree", "  ", 9, "  one two\n  three\n"),
            ("incomprehensibilities a", "", 5, "incomprehensibilities\na\n"),
            ("", "  ", 5, "\n"),
        ];
        for (text, indent, width, expected) in cases {
            assert_eq!(wrapped(text, indent, width), expected, "{text:?}");
        }
    }
}

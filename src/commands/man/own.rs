//! The pages of our own commands, from what clap knows of them.

use super::page::{paragraph, statuses_section};
use super::status::statuses;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The page of the program, then one for each of its commands.
pub(super) fn pages(program: clap::Command) -> Vec<(String, String)> {
    // Lines are broken by whoever shows the page.
    let mut program = program.term_width(0).disable_help_subcommand(true);
    program.build();
    let mut pages = vec![("postwright.1".into(), of_program(&program))];
    for (name, command) in commands(&program) {
        pages.push((format!("postwright-{name}.1"), of_command(command, &name)));
    }
    pages
}

/// All commands with a page of their own, each with its name: of one that has others in it, those, as `migrate-lmdb`.
fn commands(program: &clap::Command) -> Vec<(String, &clap::Command)> {
    let mut found = Vec::new();
    for command in program.get_subcommands() {
        let inner = commands(command);
        match inner.is_empty() {
            true => found.push((command.get_name().to_string(), command)),
            false => {
                found.extend(inner.into_iter().map(|(name, inner)| (format!("{}-{name}", command.get_name()), inner)))
            }
        }
    }
    found
}

fn of_program(program: &clap::Command) -> String {
    let mut text = head(program);
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for (name, command) in commands(program) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        roff.control("TP", []);
        roff.text([bold(format!("postwright-{name}")), roman("(1)")]);
        roff.text([roman(format!("{about}."))]);
    }
    roff.control("SH", ["FILES"]);
    let files: [(&str, &str); 2] = [
        (
            "main.cf, master.cf",
            "The configuration, in $MAIL_CONFIG, else in /etc/postfix, else where --config-dir says.",
        ),
        (
            "postwright.toml",
            "Beside main.cf or above it: which rules check applies, the Postfix version and the package to judge by, the LMDB whose files the system reads.",
        ),
    ];
    for (name, about) in files {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(about)]);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    let variables: [(&str, &str); 3] = [
        ("MAIL_CONFIG", "The configuration directory."),
        ("POSTWRIGHT_PROFILE", "The package whose defaults hold, as --profile says it."),
        ("NO_COLOR", "If it is set and not empty: no colours."),
    ];
    for (name, about) in variables {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(about)]);
    }
    text.push_str(&roff.to_roff());
    text
}

fn of_command(command: &clap::Command, name: &str) -> String {
    let mut text = head(command);
    if let Some(more) = command.get_after_long_help() {
        text.push_str(".SH DETAILS\n");
        for block in more.to_string().split("\n\n") {
            text.push_str(&paragraph(block));
        }
    }
    text.push_str(&statuses_section(&statuses(name)));
    text.push_str(".SH \"SEE ALSO\"\n\\fBpostwright\\fR(1)\n");
    text
}

/// Title, name, synopsis, description and options.
fn head(command: &clap::Command) -> String {
    let man = Man::new(command.clone()).date("").manual("postwright");
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let written = man
        .render_title(&mut bytes)
        .and_then(|()| man.render_name_section(&mut bytes))
        .and_then(|()| man.render_synopsis_section(&mut bytes))
        .and_then(|()| man.render_description_section(&mut bytes))
        .and_then(|()| man.render_options_section(&mut bytes));
    debug_assert!(written.is_ok());
    String::from_utf8_lossy(&bytes).into_owned()
}

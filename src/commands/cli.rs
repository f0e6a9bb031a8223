//! Our own command line: `postwright COMMAND …`.

use super::terminal::output::{Color, Output, fail};
use super::{build, check, diff, dropin, expand, explain, graph, man, migrate, route, set};
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// The toolchain for Postfix-style mail configuration
#[derive(Parser, Debug)]
#[command(name = "postwright", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Called by the name of one of Postfix's programs, or as `postwright NAME …`, it behaves as that \
program: postconf, postmap, postalias, newaliases. `postwright help NAME` tells what it takes."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print only what is wrong
    #[arg(short, long, global = true)]
    quiet: bool,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    color: Color,
}

#[derive(Subcommand, Debug)]
enum Command {
    Build(build::Build),
    Check(check::Check),
    Diff(diff::Diff),
    Expand(expand::Expand),
    Explain(explain::Explain),
    Graph(graph::Graph),
    Man(man::Man),
    Migrate(migrate::Migrate),
    Route(route::Route),
    Set(set::Set),
}

/// The manual page of every command: its file name and its text, in roff.
#[must_use]
pub fn manual_pages() -> Vec<(String, String)> {
    man::pages(Cli::command())
}

/// Runs the command that the arguments (with the program's name first) ask for.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    if let [_, help, name] = &arguments[..]
        && help == "help"
        && let Some(manual) = dropin::MANUALS.iter().find(|manual| name == manual.name)
    {
        Output::new(false, Color::Never).text(&manual.help());
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // clap's status is 2 for wrong usage and 0 for --help; a closed pipe must not add a panic.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::new(cli.quiet, cli.color);
    let done = match &cli.command {
        Command::Build(options) => build::run(options, &output),
        Command::Check(options) => check::run(options, &output),
        Command::Diff(options) => diff::run(options, &output),
        Command::Expand(options) => expand::run(options, &output),
        Command::Explain(options) => explain::run(options, &output),
        Command::Graph(options) => graph::run(options, &output),
        Command::Man(options) => man::run(options, Cli::command(), &output),
        Command::Migrate(options) => migrate::run(options, &output),
        Command::Route(options) => route::run(options, &output),
        Command::Set(options) => set::run(options, &output),
    };
    done.unwrap_or_else(|message| fail(&message))
}

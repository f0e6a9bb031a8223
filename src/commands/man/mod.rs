//! `postwright man DIR`: the manual pages of every command, made from the declarations that `--help` and the option parsers
//! use. The pages in `man/` are these, and the tidy test keeps them so.

mod own;
mod page;
mod status;

use super::dropin::MANUALS;
use super::output::{Output, fail, not_edited};
use crate::base::system_words;
use crate::config::edit::replace::edit_or_make_file;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the manual pages
///
/// One page for each command and each of Postfix's programs that this one stands for, in DIR, which is made if it is not
/// there. Pages of these names are replaced.
#[derive(Args, Clone, Debug)]
pub struct Man {
    /// Where to write them
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Every page, of the program and of the drop-ins: its file name and its text, in roff.
#[must_use]
pub fn pages(program: clap::Command) -> Vec<(String, String)> {
    let mut pages = own::pages(program);
    pages.extend(MANUALS.iter().map(|manual| (format!("{}.1", manual.name), page::of_program(manual))));
    pages
}

/// Runs the command.
pub fn run(options: &Man, program: clap::Command, output: &Output) -> ExitCode {
    if let Err(error) = std::fs::create_dir_all(&options.directory) {
        return fail(&format!("{}: {}", options.directory.display(), system_words(&error)));
    }
    let pages = pages(program);
    for (name, text) in &pages {
        let path = options.directory.join(name);
        match edit_or_make_file(&path, |_| Ok((Some(text.clone().into_bytes()), ()))) {
            Ok(edited) => output.warn_of_lost(&path, &edited.lost),
            Err(error) => return fail(&not_edited(&path, error)),
        }
    }
    if !output.quiet {
        output.line(&format!("{} pages in {}", pages.len(), options.directory.display()));
    }
    ExitCode::SUCCESS
}

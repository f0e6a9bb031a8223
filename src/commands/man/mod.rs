//! `postwright man DIR`: the manual pages of every command, made from the declarations that `--help` and the option
//! parsers use. The pages in `man/` are these, and the tidy test keeps them so.

mod own;
mod page;
mod status;

use super::dropin::MANUALS;
use super::terminal::output::{Output, not_edited};
use crate::base::FileError;
use crate::config::edit::place::EditPlace;
use crate::config::edit::replace::edit_or_make_file;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the manual pages
///
/// One page for each command and each of Postfix's programs that this one stands for, in DIR, which is made if it is
/// not there. Pages of these names are replaced.
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
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Man, program: clap::Command, output: &Output) -> Result<ExitCode, String> {
    std::fs::create_dir_all(&options.directory).map_err(FileError::at(&options.directory))?;
    let pages = pages(program);
    for (name, text) in &pages {
        let path = options.directory.join(name);
        let edited = edit_or_make_file(&EditPlace::at(&path).map_err(FileError::at(&path))?, |_| {
            Ok((Some(text.clone().into_bytes()), ()))
        });
        output.warn_of_lost(&path, &edited.map_err(|error| not_edited(&path, error))?.lost);
    }
    if !output.quiet {
        output.line(&format!("{} pages in {}", pages.len(), options.directory.display()));
    }
    Ok(ExitCode::SUCCESS)
}

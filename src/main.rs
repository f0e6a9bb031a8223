//! The multi-call program: see [`postwright::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    postwright::commands::main(std::env::args_os().collect())
}

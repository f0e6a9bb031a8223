//! The multi-call program: see [`postwright::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    postwright::commands::refuse_file_size_signal();
    postwright::commands::main(std::env::args_os().collect())
}

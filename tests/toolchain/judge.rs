//! Programs that judge documents; where one is not installed the tests say so, and fail with
//! `POSTWRIGHT_ORACLE_REQUIRED`.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether `xmllint` (libxml2-utils) accepts a document, by a schema if one is given.
pub fn xml(schema: Option<&Path>, document: &str) -> Option<Result<(), String>> {
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet"]);
    if let Some(schema) = schema {
        command.arg("--schema").arg(schema);
    }
    judged(command.arg("-"), document)
}

/// What a program says to a document on its standard input.
pub fn judged(command: &mut Command, document: &str) -> Option<Result<(), String>> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if std::env::var_os("POSTWRIGHT_ORACLE_REQUIRED").is_some() => panic!("{command:?}: {error}"),
        Err(error) => {
            println!("skipped: {command:?}: {error}");
            return None;
        }
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), document.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

//! Where both programs of a benchmark run: a scratch directory inside the oracle's root, or any, without an oracle.

#![allow(dead_code)] // Each benchmark uses a part.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use support::Oracle;

/// Where the programs run and the table is.
pub struct Place {
    pub oracle: Option<Oracle>,
    /// Without an oracle.
    own: Option<tempfile::TempDir>,
}

impl Place {
    pub fn find() -> Self {
        let oracle = Oracle::find("bench");
        let own = if oracle.is_none() { Some(tempfile::tempdir().unwrap()) } else { None };
        let place = Self { oracle, own };
        fs::copy(env!("CARGO_BIN_EXE_postwright"), place.path("postwright")).unwrap();
        let _ = std::os::unix::fs::symlink("postwright", place.path("postmap"));
        place
    }

    /// A file of the scratch directory, as we see it.
    pub fn path(&self, name: &str) -> PathBuf {
        match (&self.oracle, &self.own) {
            (Some(oracle), _) => oracle.path(name),
            (None, Some(own)) => own.path().join(name),
            (None, None) => unreachable!("one of them is there"),
        }
    }

    /// The scratch directory, as the programs see it.
    pub fn directory(&self) -> String {
        match &self.oracle {
            Some(oracle) => oracle.scratch.clone(),
            None => self.path("").to_str().expect("scratch paths are plain").trim_end_matches('/').to_string(),
        }
    }

    /// main.cf names the table as this type.
    pub fn configure(&self, map_type: &str) {
        let table = format!("{map_type}:{}/virtual", self.directory());
        let text = format!(
            "compatibility_level = 3.11\nalias_maps =\nalias_database =\ntransport_maps =\nvirtual_alias_maps = {table}\n"
        );
        fs::write(self.path("main.cf"), text).unwrap();
    }

    /// Ours, with these words and then the configuration's directory.
    pub fn ours(&self, words: &[&str]) -> Command {
        let directory = self.directory();
        let program = format!("{directory}/postwright");
        let mut command = match &self.oracle {
            Some(oracle) => oracle.command(&[&[&*program], words, &[&*directory]].concat()),
            None => {
                let mut command = Command::new(program);
                command.args(words).arg(&directory);
                command
            }
        };
        without_settings(&mut command);
        command
    }

    /// `postmap`, ours or Postfix's, with options and the table of that type which is called as its type; none without
    /// oracle.
    pub fn postmap_by(&self, ours: bool, options: &[&str], map_type: &str) -> Option<Command> {
        let directory = self.directory();
        let program = if ours { format!("{directory}/postmap") } else { "postmap".to_owned() };
        let table = format!("{map_type}:{directory}/{map_type}");
        let mut arguments = vec![&*program, "-c", &directory];
        arguments.extend(options);
        arguments.push(&table);
        let mut command = match &self.oracle {
            Some(oracle) => oracle.command(&arguments),
            None if ours => {
                let mut command = Command::new(&program);
                command.args(&arguments[1..]);
                command
            }
            None => return None,
        };
        without_settings(&mut command);
        Some(command)
    }

    /// Postfix's postmap that makes the table of [`configure`](Self::configure).
    pub fn postmap(&self, map_type: &str) -> Option<Command> {
        let directory = self.directory();
        let table = format!("{map_type}:{directory}/virtual");
        Some(self.oracle.as_ref()?.command(&["postmap", "-c", &directory, &table]))
    }
}

pub fn without_settings(command: &mut Command) {
    for name in ["MAIL_CONFIG", "POSTWRIGHT_TARGET", "POSTWRIGHT_PROFILE"] {
        command.env_remove(name);
    }
}

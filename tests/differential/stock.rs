//! Configurations that Postfix runs with: nothing in them may be called an error.
//!
//! Debian's own main.cf and master.cf, as its package brings them, and those of the oracle. Without an oracle this is
//! skipped.

use std::fs;
use std::path::Path;
use std::process::Command;
use support::Oracle;

/// Findings of severity error.
fn errors(profile: &str, arguments: &[&Path]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postwright"));
    let output = command.args(["check", "--format", "concise", "--profile", profile]).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() < Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter(|line| line.contains("error[")).map(str::to_string).collect()
}

#[test]
fn what_postfix_runs_with_holds_no_error() {
    let Some(oracle) = Oracle::find("stock") else { return };
    let share = oracle.root().join("usr/share/postfix");
    let mut count = 0;
    for main in ["main.cf.debian", "main.cf.dist", "main.cf.tls"] {
        let Ok(mut text) = fs::read(share.join(main)) else { continue };
        // The package puts this behind the other one.
        if main == "main.cf.tls" {
            text = [fs::read(share.join("main.cf.debian")).unwrap(), text].concat();
        }
        let site = oracle.path(main);
        fs::create_dir(&site).unwrap();
        fs::write(site.join("main.cf"), text).unwrap();
        fs::copy(share.join("master.cf.dist"), site.join("master.cf")).unwrap();
        for profile in ["upstream", "debian"] {
            let found = errors(profile, &[&site]);
            assert!(found.is_empty(), "{main}, {profile}:\n{}", found.join("\n"));
        }
        count += 1;
    }
    assert!(count >= 2, "only {count} files of the package");
    let own = oracle.root().join("etc/postfix");
    let found = errors("debian", &[Path::new("--root"), oracle.root(), Path::new("-c"), &own]);
    assert!(found.is_empty(), "the oracle's own:\n{}", found.join("\n"));
}

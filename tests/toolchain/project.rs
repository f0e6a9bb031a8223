//! `postwright.toml` from end to end: what is judged by it, what wins over it, and what is said of one that is broken.

use support::Scratch;

/// The example site, with a `postwright.toml` under this name.
fn scratch(name: &str, toml: &str) -> Scratch {
    let scratch = Scratch::example();
    scratch.write(name, toml);
    scratch
}

fn mail_version(scratch: &Scratch, environment: &[(&str, &str)]) -> String {
    let mut command = scratch.command(&["postconf", "-c", "site", "-dh", "mail_version"]);
    let outcome = scratch.outcome(command.envs(environment.iter().copied()));
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    outcome.stdout.trim_end().to_string()
}

#[test]
fn defaults_are_those_of_the_nearest_file() {
    let scratch = scratch("postwright.toml", "target = '3.4'\nprofile = 'debian'\n");
    assert_eq!(mail_version(&scratch, &[]), "3.4.29");
    assert_eq!(mail_version(&scratch, &[("POSTWRIGHT_TARGET", "3.6")]), "3.6.20");
    let paths = scratch.run("postconf -c site -dh daemon_directory default_database_type");
    paths.is(0, "/usr/lib/postfix/sbin\nhash\n", "");
    let outcome = scratch.outcome(
        scratch.command(&["postconf", "-c", "site", "-dh", "daemon_directory"]).env("POSTWRIGHT_PROFILE", "redhat"),
    );
    outcome.is(0, "/usr/libexec/postfix\n", "");
    // Beside main.cf is nearer, and what it leaves out is not looked for above.
    scratch.write("site/postwright.toml", "target = '3.7'\n");
    assert_eq!(mail_version(&scratch, &[]), "3.7.22");
    scratch.run("postconf -c site -dh daemon_directory").is(0, "/usr/libexec/postfix\n", "");
}

#[test]
fn a_site_is_judged_by_it() {
    let scratch = scratch("site/postwright.toml", "target = '3.4'\n");
    let main = String::from_utf8(scratch.read("site/main.cf")).expect("fixtures are UTF-8");
    scratch.write("site/main.cf", format!("{main}smtp_helo_name = $smtp_tls_enable_rpk\n"));
    let line = main.lines().count() + 1;
    // Postfix 3.9 brought it.
    let unknown = format!("site/main.cf:{line}:19: warning[MC004] $smtp_tls_enable_rpk is defined nowhere");
    let check = |arguments: &str| scratch.run(&format!("check {arguments} --format concise")).stdout;
    assert!(check("site").contains(&unknown));
    assert!(check("site/main.cf").contains(&unknown));
    assert!(!check("site --target 3.9").contains(&unknown));
    let command = || scratch.command(&["check", "site", "--format", "concise"]);
    assert!(!scratch.outcome(command().env("POSTWRIGHT_TARGET", "3.9")).stdout.contains(&unknown));
}

#[test]
fn a_broken_one_ends_everything() {
    let scratch = scratch("postwright.toml", "target = '3.4'\nprofil = 'debian'\n");
    let words = "$DIR/postwright.toml:2:1: no key is called profil; did you mean profile?\n";
    for arguments in
        ["build site", "check site", "check site/main.cf", "set -c site myorigin=x", "check site --target 3.7"]
    {
        scratch.run(arguments).is(2, "", &format!("postwright: {words}"));
    }
    scratch.run("postconf -c site -h myorigin").is(1, "", &format!("postconf: fatal: {words}"));
    // What needs no defaults does not look.
    assert_eq!(scratch.run("postconf -c site -e myorigin=x").status, 0);
}

/// What a table is made as without a type, and what the drop-in programs say of a platform that nobody knows.
#[test]
fn the_drop_in_programs_are_judged_by_it_too() {
    let scratch = scratch("site/postwright.toml", "target = '3.4'\nprofile = 'debian'\n");
    scratch.write("site/main.cf", "alias_database = $default_database_type:site/aliases\n");
    let default = "default_database_type = hash\n";
    scratch.run("postconf -c site default_database_type").is(0, default, "");
    let refused = |table: &str| {
        format!("fatal: hash:site/{table}: this program does not write Berkeley DB files; use lmdb: or cdb:\n")
    };
    scratch.run("postmap -c site site/virtual").is(1, "", &format!("postmap: {}", refused("virtual")));
    scratch.run("postalias -c site site/aliases").is(1, "", &format!("postalias: {}", refused("aliases")));
    // The type is the profile's in this release, and upstream's where the environment says so.
    let run =
        |arguments: &[&str], name: &str, value: &str| scratch.outcome(scratch.command(arguments).env(name, value));
    run(&["postmap", "-c", "site", "site/virtual"], "POSTWRIGHT_TARGET", "3.11").is(0, "", "");
    assert!(scratch.names("site").contains(&"virtual.cdb".to_string()));
    // Releases before 3.0 know nothing of SMTPUTF8.
    run(&["postmap", "-c", "site", "lmdb:site/virtual"], "POSTWRIGHT_TARGET", "2.11").is(0, "", "");
    assert!(scratch.names("site").contains(&"virtual.lmdb".to_string()));
    for (program, status) in [("postconf", 1), ("postmap", 1), ("postalias", 1), ("newaliases", 75)] {
        let directory = if program == "newaliases" { "-Csite" } else { "-csite" };
        let words = format!("{program}: fatal: POSTWRIGHT_PROFILE=nosuch: {}\n", super::packages::EXPECTED);
        run(&[program, directory], "POSTWRIGHT_PROFILE", "nosuch").is(status, "", &words);
        let words = "\"9\" is not a Postfix release from 2.11 to 3.11, nor 3.12 (snapshot of 2026-08-21); write it such as 3.11";
        run(&[program, directory], "POSTWRIGHT_TARGET", "9").is(
            status,
            "",
            &format!("{program}: fatal: POSTWRIGHT_TARGET: {words}\n"),
        );
    }
    scratch.write("site/postwright.toml", "profile = 'debain'\n");
    for program in ["postconf", "postmap"] {
        let words = "site/postwright.toml:1:11: no profile is called debain; did you mean debian?";
        scratch.run(&format!("{program} -c site")).is(1, "", &format!("{program}: fatal: {words}\n"));
    }
}

/// As Postfix 3.11 names the file: a slash comes between, even where there is one.
#[test]
fn a_missing_main_cf_is_named_as_postfix_names_it() {
    let scratch = scratch("postwright.toml", "");
    for program in ["postconf", "postmap"] {
        let words = "fatal: open nosuch//main.cf: No such file or directory";
        scratch.run(&format!("{program} -c nosuch/")).is(1, "", &format!("{program}: {words}\n"));
    }
}

//! `--profile`: packages of systems and of their releases, what is known of them, and how a checkout is judged for
//! another system.

use support::Scratch;

/// What is said where no profile has a name.
pub const EXPECTED: &str = "expected upstream, debian (or debian-12, debian-13, debian-14), redhat (or redhat-9, redhat-10), alpine, \
                            gentoo (or gentoo-stable, gentoo-testing), suse, freebsd, netbsd (or netbsd-11), arch or nixos";

#[test]
fn what_is_known_of_a_package_says_how() {
    let scratch = Scratch::example();
    let said = "\
debian-12: Debian 12, with Postfix 3.7

In Postfix 3.7
  default_database_type  hash                                 verified: the package
  default_cache_db_type  btree                                verified: the package
  alias_database         hash:/etc/aliases                    verified: the package
  alias_maps             hash:/etc/aliases, nis:mail.aliases  verified: the package
  config_directory       /etc/postfix                         verified: the package
  command_directory      /usr/sbin                            verified: the package
  daemon_directory       /usr/lib/postfix/sbin                verified: the package
  data_directory         /var/lib/postfix                     verified: the package
  queue_directory        /var/spool/postfix                   verified: the package
  mail_owner             postfix                              verified: the package
  LMDB library           0.9                                  verified: the package
";
    scratch.run("explain --profile debian-12").is(0, said, "");
    let said = "\
gentoo: Gentoo Linux
Holds for Postfix 3.11.0 and newer there; LMDB 0.9 in the stable branch, 1.0 in the testing branch.

In Postfix 3.11
  default_database_type  lmdb                                      verified: its news
  default_cache_db_type  lmdb                                      verified: its news
  alias_database         $default_database_type:/etc/mail/aliases  verified: its news
  alias_maps             $default_database_type:/etc/mail/aliases  verified: its news
  config_directory       /etc/postfix                              not verified: upstream's
  command_directory      /usr/sbin                                 not verified: upstream's
  daemon_directory       /usr/libexec/postfix                      not verified: upstream's
  data_directory         /var/lib/postfix                          not verified: upstream's
  queue_directory        /var/spool/postfix                        not verified: upstream's
  mail_owner             postfix                                   not verified: upstream's
  LMDB library           unknown

Releases
  gentoo-stable: Gentoo Linux, stable branch
  gentoo-testing: Gentoo Linux, testing branch
";
    scratch.run("explain --profile gentoo").is(0, said, "");
    let freebsd = scratch.run("explain --profile freebsd").stdout;
    for line in [
        "  default_database_type  lmdb                                                   not verified: upstream's\n",
        "  data_directory         /var/db/postfix                                        not verified\n",
    ] {
        assert!(freebsd.contains(line), "{freebsd}");
    }
    let json = scratch.run("explain --format json --profile gentoo-testing").stdout;
    for part in [
        r#"{"version":1,"profile":{"name":"gentoo-testing","title":"Gentoo Linux, testing branch","target":"3.11","comes_with":null,"#,
        r#"{"parameter":"default_database_type","value":"lmdb","verified":"its news","upstream":false},"#,
        r#"{"parameter":"mail_owner","value":"postfix","verified":null,"upstream":true}],"lmdb":"1.0","lmdb_verified":"its news","#,
    ] {
        assert!(json.contains(part), "{json}");
    }
    assert_eq!(scratch.run("explain").status, 2);
}

#[test]
fn help_names_every_profile() {
    let scratch = Scratch::example();
    let help = scratch.run("build --help").stdout;
    let words: Vec<&str> = help.split(|char: char| !char.is_ascii_alphanumeric() && char != '-').collect();
    for profile in postwright::config::catalogue::Profile::names() {
        assert!(words.contains(&profile), "{profile} is not in\n{help}");
    }
}

/// A release says which Postfix it has, unless a target stands beside it: on the command line, in the environment, in
/// the file.
#[test]
fn releases_bring_their_postfix() {
    let scratch = Scratch::example();
    scratch.write("site/postwright.toml", "profile = 'debian-13'\n");
    let asked = |flags: &str, environment: &[(&str, &str)]| {
        let arguments: Vec<&str> =
            ["expand", "-c", "site"].into_iter().chain(flags.split_whitespace()).chain(["mail_version"]).collect();
        let mut command = scratch.command(&arguments);
        let outcome = scratch.outcome(command.envs(environment.iter().copied()));
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{flags}");
        outcome.stdout.trim_end().trim_start_matches("mail_version = ").to_string()
    };
    assert_eq!(asked("", &[]), "3.10.13");
    assert_eq!(asked("--profile debian-12", &[]), "3.7.22");
    assert_eq!(asked("--profile debian", &[]), "3.10.13");
    assert_eq!(asked("--profile debian-12 --target 3.9", &[]), "3.9.14");
    assert_eq!(asked("", &[("POSTWRIGHT_PROFILE", "redhat-9")]), "3.5.27");
    assert_eq!(asked("--profile redhat-10", &[("POSTWRIGHT_TARGET", "3.6")]), "3.8.20");
    assert_eq!(asked("", &[("POSTWRIGHT_TARGET", "3.6")]), "3.6.20");
    scratch.write("site/postwright.toml", "profile = 'debian-11'\n");
    let words = "postwright: site/postwright.toml:1:11: no profile is called debian-11; did you mean debian-12?\n";
    scratch.run("check site").is(2, "", words);
}

/// The same checkout for several systems: what its default types are, and where its configuration will lie.
#[test]
fn a_checkout_is_built_for_another_system() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.7\nalias_maps = $alias_database\n\
                virtual_alias_maps = $default_database_type:/usr/local/etc/postfix/virtual\n";
    let built = |flags: &str| {
        scratch.write("site/main.cf", main);
        scratch.run(&format!("build --check {flags} site")).stdout
    };
    let cases = [
        (
            "--profile debian-14",
            "outside  cdb:/etc/aliases                    skipped: --all builds it\n\
             outside  cdb:/usr/local/etc/postfix/virtual  skipped: --all builds it\n",
        ),
        (
            "--profile freebsd",
            "outside  lmdb:/etc/aliases                    skipped: --all builds it\n\
             missing  lmdb:/usr/local/etc/postfix/virtual\n",
        ),
        (
            "--profile gentoo --target 3.11",
            "outside  lmdb:/etc/mail/aliases               skipped: --all builds it\n\
             outside  lmdb:/usr/local/etc/postfix/virtual  skipped: --all builds it\n",
        ),
        (
            "--profile debian-13",
            "outside  hash:/etc/aliases                    skipped: --all builds it\n\
             outside  hash:/usr/local/etc/postfix/virtual  skipped: --all builds it\n",
        ),
    ];
    for (flags, expected) in cases {
        let said = built(flags);
        assert!(said.starts_with(expected), "{flags}\n{said}");
    }
    let check = |flags: &str| {
        scratch.write(
            "site/main.cf",
            "compatibility_level = 3.7\nalias_maps =\nalias_database =\nvirtual_alias_maps = hash:/etc/postfix/virtual\n",
        );
        let said = scratch.run(&format!("check --format concise --select MAP008 {flags} site")).stdout;
        said.split_once("MAP008] ").map(|(_, rest)| rest.lines().next().unwrap_or_default().to_string())
    };
    let cases = [
        ("--profile debian-12", "hash:/etc/postfix/virtual: Debian's Postfix has no Berkeley DB from 3.11 on"),
        ("--profile redhat-9", "hash:/etc/postfix/virtual: Red Hat's Postfix has no Berkeley DB from 3.8 on"),
        ("--profile redhat-10", "hash:/etc/postfix/virtual cannot be compiled without Berkeley DB"),
        ("--profile suse", "hash:/etc/postfix/virtual cannot be compiled without Berkeley DB"),
    ];
    for (flags, expected) in cases {
        assert_eq!(check(flags).as_deref(), Some(expected), "{flags}");
    }
}

//! The default of `mynetworks` beside Postfix's, with the interfaces of this machine and with others.
//!
//! The others are addresses on the loopback interface of a network namespace, which takes root, `unshare` and `ip`.

use std::fs;
use std::process::{Command, Stdio};

use support::Oracle;

const STYLES: &[&str] = &["host", "subnet", "class"];

/// Other settings; one each.
const SETTINGS: &[&str] = &[
    "inet_protocols = ipv4",
    "inet_protocols = ipv6",
    "inet_protocols = ipv6, ipv4",
    "inet_protocols =",
    "inet_protocols = ipv5",
    "inet_interfaces = loopback-only",
    "inet_interfaces = localhost",
    "inet_interfaces = 127.0.0.1, [::1]",
    "inet_interfaces = 10.1.2.3 ::1 127.0.0.1",
    "inet_interfaces = 192.0.2.250",
    "inet_interfaces =",
    "inet_interfaces = [127.0.0.1",
    "mynetworks_style = host subnet",
    "mynetworks_style = $nosuch",
    "compatibility_level = 2",
    "myhostname = a.example.org",
    "mydomain = example.org",
];

/// Sets of addresses; `-` takes one away, and `down` takes down the interface.
const ADDRESSES: &[&[&str]] = &[
    &[],
    &["10.1.2.3/8", "172.16.5.6/12", "192.168.7.8/23", "192.168.7.9/23", "224.1.2.3/24", "198.51.100.7/31"],
    &["2001:db8::1/32", "2001:db8::5/128", "fd00:1::1/61", "fe80::5/64", "::2/128"],
    &["10.1.2.3/32", "240.0.0.1/4", "203.0.113.9/0"],
    &["-::1/128"],
    &["10.1.2.3/8", "-127.0.0.1/8", "-::1/128"],
    &["down"],
];

/// Answers of Postfix (`theirs`) and ours (`ours`) to the same questions, one after the other, in files.
const ASK: &str = r#"
ask() {
    number=$1; shift
    PATH="$2" postconf -c "$dir" $3 mynetworks myhostname mydomain >"$dir/$1.$number" 2>&1
    echo "status $?" >>"$dir/$1.$number"
}
cd "$dir"
n=0
for settings in settings/*; do
    cp "$settings" main.cf; touch -d 2001-01-01 main.cf
    for flags in "" "-d"; do
        n=$((n + 1))
        ask $n theirs /usr/sbin "$flags" &
        ask $n ours "$dir/bin" "$flags"
    done
    wait
done
"#;

fn ask(oracle: &Oracle, settings: &[String], prepare: Option<&str>) -> Vec<String> {
    let file = |name: String| fs::read_to_string(oracle.path(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let _ = fs::remove_dir_all(oracle.path("settings"));
    fs::create_dir(oracle.path("settings")).unwrap();
    for (number, settings) in settings.iter().enumerate() {
        fs::write(oracle.path(&format!("settings/{number:04}")), settings).unwrap();
    }
    fs::write(oracle.path("ask"), format!("dir={}\n{ASK}", oracle.scratch)).unwrap();
    let script = format!("{}/ask", oracle.scratch);
    let mut command = match prepare {
        None => oracle.command(&["/bin/sh", &script]),
        Some(prepare) => {
            let root = oracle.root().display();
            let mut command = Command::new("unshare");
            command.args(["-n", "sh", "-c", &format!("set -e; {prepare} exec chroot {root} /bin/sh {script}")]);
            command
        }
    };
    command.env("LC_ALL", "C").env("POSTWRIGHT_PROFILE", "debian").env_remove("MAIL_CONFIG").stdin(Stdio::null());
    let output = command.output().expect("the shell runs");
    assert!(output.status.success(), "{prepare:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut wrong = Vec::new();
    for (number, settings) in (1..).zip(settings.iter().flat_map(|settings| [settings, settings])) {
        let (theirs, ours) = (file(format!("theirs.{number}")), file(format!("ours.{number}")));
        assert!(theirs.contains("mynetworks =") || theirs.contains("fatal: "), "{settings}: {theirs}");
        if theirs != ours {
            wrong.push(format!("{settings}  {}\n  Postfix: {theirs}\n  ours: {ours}", prepare.unwrap_or_default()));
        }
    }
    wrong
}

fn all_settings() -> Vec<String> {
    let mut settings: Vec<String> = STYLES.iter().map(|style| format!("mynetworks_style = {style}\n")).collect();
    settings.push("\n".into());
    settings.extend(SETTINGS.iter().map(|setting| format!("{setting}\n")));
    settings
}

fn prepared(purpose: &str) -> Option<Oracle> {
    let oracle = Oracle::find(purpose)?;
    fs::create_dir_all(oracle.path("bin")).unwrap();
    fs::write(oracle.path("master.cf"), "").unwrap();
    // By another process: a program open for writing, here or in a child of another thread, cannot be run.
    let from = env!("CARGO_BIN_EXE_postwright");
    assert!(Command::new("cp").arg(from).arg(oracle.path("bin/postconf")).status().unwrap().success());
    Some(oracle)
}

#[test]
fn of_this_machine() {
    let Some(oracle) = prepared("networks") else { return };
    let wrong = ask(&oracle, &all_settings(), None);
    assert!(wrong.is_empty(), "{} differ:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn of_other_machines() {
    let Some(oracle) = prepared("other-networks") else { return };
    let possible = Command::new("unshare").args(["-n", "ip", "link", "set", "lo", "up"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        println!("skipped: no network namespaces here (root, unshare and ip make them)");
        return;
    }
    let mut wrong = Vec::new();
    for (number, addresses) in ADDRESSES.iter().enumerate() {
        let mut prepare = String::from("ip link set lo up;");
        for address in *addresses {
            prepare += &match address.strip_prefix('-') {
                _ if *address == "down" => " ip link set lo down;".into(),
                Some(address) => format!(" ip addr del {address} dev lo;"),
                None => format!(" ip addr add {address} dev lo;"),
            };
        }
        // All settings once, the styles everywhere.
        let settings = all_settings();
        let most = if number == 1 { settings.len() } else { STYLES.len() + 1 };
        wrong.extend(ask(&oracle, &settings[..most], Some(&prepare)));
    }
    assert!(wrong.is_empty(), "{} differ:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

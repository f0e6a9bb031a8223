//! Random sequences of edits, on random main.cf and master.cf files.
//!
//! `postconf -e -X -# -Me -MX -M# -Fe -Pe -PX`: Postfix edits one copy and we another; after each step both must have
//! said the same, with the same status, and the files must be equal to the byte; at the end both must show the same,
//! and say the same about it. `postwright set`: no byte outside the entry changes, comments stay, and what was set
//! reads back. The seeds are fixed; `POSTWRIGHT_SEED=N` tries one other sequence alone, `POSTWRIGHT_SEEDS=A-B` a range
//! of them.

mod edits;

use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use edits::{SetCommand, main_cf, master_cf, postconf_edit, set_command};
use postwright::base::{Source, Span};
use postwright::config::services::{Service, services};
use postwright::syntax::logical::is_comment;
use postwright::syntax::main_cf::{Assignment, MainCf, parse_main_cf};
use postwright::syntax::master_cf::parse_master_cf;
use postwright::syntax::match_list::split_list;
use support::{Oracle, Random};

/// Sequences at a time: most of them wait, since Postfix sleeps for a second before each fatal error.
const AT_A_TIME: usize = 12;

/// As many failures are shown.
const SHOWN: usize = 5;

fn seeds() -> RangeInclusive<u64> {
    let number = |text: &str| text.parse::<u64>().expect("POSTWRIGHT_SEED and POSTWRIGHT_SEEDS hold numbers");
    if let Ok(seed) = std::env::var("POSTWRIGHT_SEED") {
        return number(&seed)..=number(&seed);
    }
    match std::env::var("POSTWRIGHT_SEEDS") {
        Ok(range) => {
            let (first, last) = range.split_once('-').expect("POSTWRIGHT_SEEDS is FIRST-LAST");
            number(first)..=number(last)
        }
        Err(_) => 1..=100,
    }
}

/// Runs `one` for every seed, some at a time, and fails with what is wrong.
fn for_all_seeds(at_a_time: usize, one: impl Fn(u64) -> Result<(), String> + Sync) {
    let seeds = seeds();
    let next = AtomicU64::new(*seeds.start());
    let wrong: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        break;
                    }
                    if let Err(message) = one(seed) {
                        wrong.lock().unwrap().push(format!("seed {seed}: {message}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let shown: Vec<&str> = wrong.iter().take(SHOWN).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} sequences fail; the first:\n\n{}", wrong.len(), shown.join("\n\n"));
}

/// A word for the shell.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word {
        if byte == b'\'' { quoted.extend_from_slice(b"'\\''") } else { quoted.push(byte) }
    }
    quoted.push(b'\'');
    quoted
}

/// The steps of a sequence: files that are to be equal lie below `theirs` and `ours`.
///
/// Warnings count as a set: Postfix says some of them many times. Status 3 after a step whose results differ; its
/// number is in the file `step`, and `before` holds the files before it.
const STEP: &str = r#"
step() {
    echo "$1" >step; shift
    rm -rf before; cp -r theirs before
    (cd theirs; postconf -c . "$@" >out 2>err; echo $? >status; sort -u -o err err)
    (cd ours; export PATH="$ours:$PATH"; postconf -c . "$@" >out 2>err; echo $? >status; sort -u -o err err)
    diff -r theirs ours >difference || exit 3
}
show() {
    (PATH=$1; cd theirs; postconf -c . $2 >../$3 2>../$3.err; echo $? >>../$3; sort -u ../$3.err >>../$3)
}
"#;

/// The last part: Postfix and we show what came of it, and say the same about it.
///
/// The files are made old: Postfix reads main.cf again and again, with all warnings, until it is older than a second.
const SHOW: &str = r"
echo end >step
touch -d 2001-01-01 theirs/*.cf
for what in -n -nf -nx -M -Mf -Mx -F -P -Px; do
    show $PATH $what shown.theirs
    show $ours:$PATH $what shown.ours
    # The first fatal ends it, and Postfix comes to the names in random order.
    grep -q fatal: shown.theirs && sed -i '/ warning: /d' shown.theirs shown.ours
    cmp -s shown.theirs shown.ours && continue
    { echo postconf $what; diff shown.theirs shown.ours; } >difference
    exit 3
done
exit 0
";

fn sequence(oracle: &Oracle, seed: u64) -> Result<(), String> {
    let random = &mut Random(seed);
    let name = format!("seq{seed}");
    let directory = oracle.path(&name);
    fs::create_dir_all(directory.join("theirs")).unwrap();
    fs::write(directory.join("theirs/main.cf"), main_cf(random)).unwrap();
    fs::write(directory.join("theirs/master.cf"), master_cf(random)).unwrap();
    let steps: Vec<Vec<Vec<u8>>> = (0..5 + random.below(6)).map(|_| postconf_edit(random)).collect();
    let mut script = format!("ours={0}/bin\ncd {0}/{name} && cp -r theirs ours\n{STEP}", oracle.scratch).into_bytes();
    for (number, step) in steps.iter().enumerate() {
        script.extend(format!("step {number}").bytes());
        for word in step {
            script.push(b' ');
            script.extend(quoted(word));
        }
        script.push(b'\n');
    }
    script.extend_from_slice(SHOW.as_bytes());
    fs::write(directory.join("script"), script).unwrap();
    let mut command = oracle.command(&["/bin/sh", &format!("{}/{name}/script", oracle.scratch)]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
    command.env("POSTWRIGHT_PROFILE", "debian").stdin(Stdio::null());
    let output = command.output().expect("chroot runs");
    if output.status.success() {
        fs::remove_dir_all(&directory).unwrap();
        return Ok(());
    }
    Err(what_happened(&directory, &steps, &output.stderr))
}

fn what_happened(directory: &Path, steps: &[Vec<Vec<u8>>], stderr: &[u8]) -> String {
    let file = |name: &str| {
        let bytes = fs::read(directory.join(name)).unwrap_or_default();
        bytes.escape_ascii().to_string().replace("\\n", "\n    ")
    };
    let mut text = String::new();
    let at = fs::read_to_string(directory.join("step")).unwrap_or_default();
    if let Some(step) = at.trim().parse::<usize>().ok().and_then(|at| steps.get(at)) {
        text += "postconf";
        step.iter().for_each(|word| write!(text, " '{}'", word.escape_ascii()).unwrap());
        let is_master = step[0].starts_with(b"-M") || step[0].starts_with(b"-F") || step[0].starts_with(b"-P");
        let before = file(if is_master { "before/master.cf" } else { "before/main.cf" });
        write!(text, "\n  before:\n    {before}\n").unwrap();
    }
    if at.trim() == "end" {
        write!(text, "\n  main.cf:\n    {}\n  master.cf:\n    {}\n", file("ours/main.cf"), file("ours/master.cf"))
            .unwrap();
    }
    write!(text, "  Postfix's (<) and ours (>):\n    {}", file("difference")).unwrap();
    write!(text, "\n  {}", stderr.escape_ascii()).unwrap();
    text
}

#[test]
fn postconf_edits_as_postfix_does() {
    let Some(oracle) = Oracle::find("edits") else { return };
    fs::create_dir_all(oracle.path("bin")).unwrap();
    // By another process: a program open for writing, here or in a child of another thread, cannot be run.
    let from = env!("CARGO_BIN_EXE_postwright");
    assert!(Command::new("cp").arg(from).arg(oracle.path("bin/postconf")).status().unwrap().success());
    for_all_seeds(AT_A_TIME, |seed| sequence(&oracle, seed));
}

/// Lines that hold a comment.
fn comments(text: &[u8]) -> Vec<&[u8]> {
    text.split(|&byte| byte == b'\n').filter(|line| is_comment(line) && line.contains(&b'#')).collect()
}

/// What a change did to a file: everything but `extent` is as it was, and the comments in it are there.
fn only_inside(old: &[u8], new: &[u8], extent: Span) -> Result<(), String> {
    let (head, tail) = (&old[..extent.start], &old[extent.end..]);
    let inside = new.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    let inside = inside.ok_or("bytes outside the entry changed")?;
    let kept = comments(&old[extent.range()]) == comments(inside);
    if kept { Ok(()) } else { Err("comments inside the entry are not what they were".into()) }
}

fn parsed_main(text: &[u8]) -> MainCf {
    parse_main_cf(&Arc::new(Source::new("main.cf", text)))
}

fn last<'a>(main: &'a MainCf, name: &str) -> Option<(usize, &'a Assignment)> {
    main.entries.iter().enumerate().rfind(|(_, entry)| entry.name.bytes() == name.as_bytes())
}

fn elements(text: &[u8]) -> Vec<&[u8]> {
    split_list(text).into_iter().map(|range| &text[range]).collect()
}

fn check_main(old: &[u8], new: &[u8], command: &SetCommand) -> Result<(), String> {
    let (before, after) = (parsed_main(old), parsed_main(new));
    let entry = last(&before, command.name);
    match &entry {
        Some((_, entry)) => only_inside(old, new, entry.extent)?,
        None if new.starts_with(old) => {}
        None => return Err("a new entry changed old ones".into()),
    }
    let pairs = |main: &MainCf, except: Option<usize>| -> Vec<(Vec<u8>, Vec<u8>)> {
        let others = main.entries.iter().enumerate().filter(|(at, _)| Some(*at) != except);
        others.map(|(_, entry)| (entry.name.bytes().to_vec(), entry.value.bytes().to_vec())).collect()
    };
    let set = last(&after, command.name);
    let index = set.as_ref().map(|(at, _)| *at);
    if pairs(&before, entry.as_ref().map(|(at, _)| *at)) != pairs(&after, index) {
        return Err("other entries are not read as they were".into());
    }
    let is_set = entry.is_some();
    let old_value = entry.map(|(_, entry)| entry.value.bytes().to_vec()).unwrap_or_default();
    let value = set.map(|(_, entry)| entry.value.bytes().to_vec());
    let wanted = elements(&command.value);
    let mut expected = elements(&old_value);
    let reads_back = match command.operator {
        "=" => value.as_deref() == Some(&command.value[..]),
        // A list that nobody set begins from its default, which may be the machine's.
        "+=" if !is_set => {
            let value = value.unwrap_or_default();
            let now = elements(&value);
            wanted.iter().all(|element| now.contains(element))
        }
        _ if !is_set => value.is_none_or(|value| !elements(&value).iter().any(|element| wanted.contains(element))),
        "+=" => {
            for element in wanted {
                if !expected.contains(&element) {
                    expected.push(element);
                }
            }
            elements(&value.unwrap_or_default()) == expected
        }
        _ => {
            expected.retain(|element| !wanted.contains(element));
            elements(&value.unwrap_or_default()) == expected
        }
    };
    if reads_back { Ok(()) } else { Err("what was set does not read back".into()) }
}

fn parsed_master(text: &[u8]) -> Vec<Service> {
    services(&parse_master_cf(&Arc::new(Source::new("master.cf", text))))
}

/// The words of a service but for what it sets, and what it sets but for one name.
type Rest = (Vec<Vec<u8>>, Vec<(Vec<u8>, Vec<u8>)>);

fn rest(service: &Service, name: &str) -> Rest {
    let is_in =
        |span: Span| service.overrides.iter().any(|set| set.span.start <= span.start && span.end <= set.span.end);
    let arguments = service.line.arguments.iter().filter(|argument| !is_in(argument.span));
    let words = service.line.fields.iter().chain(arguments.map(|argument| &argument.text));
    let sets = service.overrides.iter().map(|set| (set.name.bytes().to_vec(), set.value.bytes().to_vec()));
    (words.map(|word| word.bytes().to_vec()).collect(), sets.filter(|(set, _)| set != name.as_bytes()).collect())
}

fn check_master(old: &[u8], new: &[u8], command: &SetCommand) -> Result<(), String> {
    let (before, after) = (parsed_master(old), parsed_master(new));
    let wanted = command.service.as_deref().unwrap_or_default();
    let at = before.iter().rposition(|service| service.label() == wanted).expect("the service is there");
    only_inside(old, new, before[at].line.extent)?;
    let all = |services: &[Service]| -> Vec<Rest> {
        let name = |index| if index == at { command.name } else { "" };
        services.iter().enumerate().map(|(index, service)| rest(service, name(index))).collect()
    };
    if all(&before) != all(&after) {
        return Err("other words of master.cf are not read as they were".into());
    }
    let value = after[at].value(command.name.as_bytes()).map(|set| set.value.bytes());
    if value == Some(&command.value[..]) { Ok(()) } else { Err("what was set does not read back".into()) }
}

fn set_sequence(seed: u64) -> Result<(), String> {
    let random = &mut Random(seed);
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    fs::write(path("main.cf"), main_cf(random)).unwrap();
    fs::write(path("master.cf"), master_cf(random)).unwrap();
    for _ in 0..5 + random.below(6) {
        let command = set_command(random);
        let file = if command.service.is_some() { "master.cf" } else { "main.cf" };
        let old = fs::read(path(file)).unwrap();
        let run = || {
            let mut ours = Command::new(env!("CARGO_BIN_EXE_postwright"));
            ours.args(["set", "--force", "-q", "-c"]).arg(scratch.path()).env_clear();
            if let Some(service) = &command.service {
                ours.args(["--service", service]);
            }
            ours.arg("--").arg(std::ffi::OsString::from_vec(command.operand()));
            ours.output().expect("the program runs")
        };
        let output = run();
        let new = fs::read(path(file)).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let is_known = |wanted: &String| parsed_master(&old).iter().any(|service| service.label() == *wanted);
        let outcome = match output.status.code() {
            Some(0) if command.service.is_some() => check_master(&old, &new, &command),
            Some(0) => check_main(&old, &new, &command),
            Some(2) if new != old => Err("refused, but the file changed".into()),
            Some(2) if stderr.contains("braces") && command.operator != "=" => Ok(()),
            Some(2) if stderr.contains("braces") && command.service.is_some() => Ok(()),
            Some(2) if stderr.contains("no service") && !command.service.as_ref().is_some_and(is_known) => Ok(()),
            _ => Err(format!("{}: {stderr}", output.status)),
        };
        outcome.map_err(|message| {
            let service = command.service.as_deref().unwrap_or("");
            let lines = |text: &[u8]| text.escape_ascii().to_string().replace("\\n", "\n    ");
            let operand = command.operand().escape_ascii().to_string();
            format!(
                "{message}\n  set {service} '{operand}'\n  before:\n    {}\n  after:\n    {}",
                lines(&old),
                lines(&new)
            )
        })?;
        if random.below(4) == 0 {
            assert_eq!(run().status.code(), output.status.code());
            assert!(fs::read(path(file)).unwrap() == new, "seed {seed}: setting it again changes the file");
        }
    }
    Ok(())
}

#[test]
fn set_changes_nothing_else() {
    for_all_seeds(2, set_sequence);
}

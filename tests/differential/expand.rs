//! The expansion language beside Postfix: every value in `testdata/expand/*.toml`, expanded by `postconf -x` and by us.
//!
//! The files hold the oracle's answers, so most of the comparison works without it. Strings there are Latin-1: each
//! character is one byte. `POSTWRIGHT_BLESS=1` with an oracle writes the answers anew; to add a case, write its
//! `value`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use postwright::config::expand::{Notice, Problem, expand, scan};
use toml::{Table, Value};

/// Calls of postconf at a time. Those that end with a fatal error sleep for a second first.
const AT_A_TIME: usize = 32;

/// What postconf makes of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answer {
    /// The expanded value, unless there was a fatal error. postconf prints its words with single spaces between.
    result: Option<Vec<u8>>,
    /// Warnings in order, those of the scan first; bytes that are not printable ASCII appear as `?`.
    warnings: Vec<String>,
    fatal: Option<String>,
}

struct Case {
    value: Vec<u8>,
    recorded: Answer,
}

struct Cases {
    path: PathBuf,
    /// Everything in the file before the first case.
    head: String,
    parameters: Vec<(Vec<u8>, Vec<u8>)>,
    cases: Vec<Case>,
}

fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).expect("only Latin-1 in testdata/expand")).collect()
}

/// A TOML string of bytes, literal where that is possible.
fn quoted(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| (b' '..=b'~').contains(byte) && *byte != b'\'') {
        return format!("'{}'", String::from_utf8_lossy(bytes));
    }
    let escaped: String = bytes
        .iter()
        .map(|&byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\u{byte:04x}"),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn masked(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '?' }).collect()
}

/// A value as postconf prints it.
fn words(value: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    value.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
}

fn load(path: &Path) -> Cases {
    let text = fs::read_to_string(path).unwrap();
    let table: Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let string = |value: &Value| value.as_str().unwrap().to_owned();
    let parameters = table["parameters"].as_table().unwrap();
    let cases = table["case"].as_array().unwrap().iter().map(|case| Case {
        value: narrow(&string(&case["value"])),
        recorded: Answer {
            result: case.get("result").map(|result| narrow(&string(result))),
            warnings: case
                .get("warnings")
                .map_or_else(Vec::new, |lines| lines.as_array().unwrap().iter().map(string).collect()),
            fatal: case.get("fatal").map(string),
        },
    });
    Cases {
        path: path.to_owned(),
        head: text[..text.find("[[case]]").unwrap()].to_owned(),
        parameters: parameters.iter().map(|(name, raw)| (narrow(name), narrow(&string(raw)))).collect(),
        cases: cases.collect(),
    }
}

fn all() -> Vec<Cases> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/expand");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths.iter().map(|path| load(path)).collect()
}

fn ours(cases: &Cases, value: &[u8]) -> Answer {
    let known: BTreeMap<&[u8], &[u8]> = cases.parameters.iter().map(|(name, raw)| (&name[..], &raw[..])).collect();
    let line = |problem: &Problem| masked(&problem.message);
    let mut warnings: Vec<_> = scan(value)
        .iter()
        .filter_map(|notice| match notice {
            Notice::Name { name, .. } if known.contains_key(&name[..]) => None,
            Notice::Name { name, .. } => Some(format!("undefined parameter: {}", masked(name))),
            Notice::Problem(problem) => Some(line(problem)),
        })
        .collect();
    let mut lookup = |name: &[u8]| known.get(name).map(|raw| Cow::Borrowed(*raw));
    match expand(value, &mut lookup) {
        Ok(result) => Answer { result: Some(words(&result)), warnings, fatal: None },
        Err(error) => {
            warnings.extend(error.problems.iter().map(line));
            Answer { result: None, warnings, fatal: Some(masked(&error.fatal())) }
        }
    }
}

#[test]
fn values_expand_as_recorded() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for cases in all() {
        for case in &cases.cases {
            count += 1;
            let answer = ours(&cases, &case.value);
            if answer != case.recorded {
                let file = cases.path.file_name().unwrap().to_string_lossy().into_owned();
                wrong.push(format!(
                    "{file}: {}\n  oracle {:?}\n  ours   {answer:?}",
                    masked(&case.value),
                    case.recorded
                ));
            }
        }
    }
    assert!(count >= 120, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The root of the oracle, or nothing where there is none and none is required.
fn oracle() -> Option<PathBuf> {
    let root = std::env::var_os("POSTWRIGHT_ORACLE").map_or_else(|| "/var/tmp/postwright-oracle".into(), PathBuf::from);
    if root.join(".complete").exists() {
        return Some(root);
    }
    assert!(std::env::var_os("POSTWRIGHT_ORACLE_REQUIRED").is_none_or(|value| value != "1"), "no oracle in {root:?}");
    println!("skipped: no oracle (tests/oracle/setup makes it)");
    None
}

/// Runs postconf on some values at once. Its directory is below the root's /tmp and is removed.
fn postconf(root: &Path, parameters: &[(Vec<u8>, Vec<u8>)], values: &[&[u8]]) -> (Vec<Option<Vec<u8>>>, Vec<String>) {
    let directory = tempfile::Builder::new().prefix("expand-").tempdir_in(root.join("tmp")).unwrap();
    let names: Vec<_> = (0..values.len()).map(|number| format!("value_{number}")).collect();
    let mut main_cf =
        format!("myhostname = mail.example.com\nsmtpd_restriction_classes = {}\n", names.join(" ")).into_bytes();
    let given = names.iter().map(String::as_bytes).zip(values.iter().copied());
    for (name, raw) in parameters.iter().map(|(name, raw)| (&name[..], &raw[..])).chain(given) {
        main_cf.extend_from_slice(&[name, b" = ", raw, b"\n"].concat());
    }
    fs::write(directory.path().join("master.cf"), "").unwrap();
    fs::write(directory.path().join("main.cf"), main_cf).unwrap();
    // Postfix waits for a file that has just been written.
    let old = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(directory.path().join("main.cf")).unwrap().set_modified(old).unwrap();

    let inside = Path::new("/tmp").join(directory.path().file_name().unwrap());
    let output =
        Command::new("chroot").arg(root).args(["postconf", "-x", "-c"]).arg(inside).args(&names).output().unwrap();
    let mut results = vec![None; values.len()];
    for line in output.stdout.split(|&byte| byte == b'\n') {
        if let Some(equals) = line.iter().position(|&byte| byte == b'=')
            && let Some(number) = names.iter().position(|name| name.as_bytes() == line[..equals].trim_ascii())
        {
            results[number] = Some(line.get(equals + 2..).unwrap_or_default().to_vec());
        }
    }
    let lines = String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect();
    (results, lines)
}

fn alone(root: &Path, parameters: &[(Vec<u8>, Vec<u8>)], value: &[u8]) -> Answer {
    let (results, lines) = postconf(root, parameters, &[value]);
    let mut answer = Answer { result: results.into_iter().next().flatten(), ..Answer::default() };
    for line in lines {
        if line.contains("unused parameter: ") {
            continue;
        }
        if let Some(fatal) = line.strip_prefix("postconf: fatal: ") {
            answer.fatal = Some(fatal.to_owned());
        } else {
            let warning = line.strip_prefix("postconf: warning: ").unwrap_or(&line);
            let undefined = warning.find("undefined parameter: ").filter(|_| warning.starts_with("/tmp/"));
            answer.warnings.push(warning[undefined.unwrap_or(0)..].to_owned());
        }
    }
    answer
}

/// All answers to one file: what is recorded as quiet in one call, the others each in their own.
fn ask(root: &Path, cases: &Cases, anew: bool) -> Vec<Answer> {
    let quiet = |case: &Case| !anew && case.recorded.fatal.is_none() && case.recorded.warnings.is_empty();
    let answers = Mutex::new(vec![Answer::default(); cases.cases.len()]);
    let (together, single): (Vec<_>, Vec<_>) = (0..cases.cases.len()).partition(|&at| quiet(&cases.cases[at]));
    let values: Vec<_> = together.iter().map(|&at| &cases.cases[at].value[..]).collect();
    for (&at, result) in together.iter().zip(postconf(root, &cases.parameters, &values).0) {
        answers.lock().unwrap()[at].result = result;
    }
    let queue = Mutex::new(single);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(at) = { queue.lock().unwrap().pop() } {
                    let answer = alone(root, &cases.parameters, &cases.cases[at].value);
                    answers.lock().unwrap()[at] = answer;
                }
            });
        }
    });
    answers.into_inner().unwrap()
}

fn record(cases: &Cases, answers: &[Answer]) {
    let mut text = cases.head.clone();
    let blocks: Vec<_> = cases
        .cases
        .iter()
        .zip(answers)
        .map(|(case, answer)| {
            let mut block = format!("[[case]]\nvalue = {}\n", quoted(&case.value));
            if let Some(result) = &answer.result {
                block += &format!("result = {}\n", quoted(result));
            }
            if let Some(fatal) = &answer.fatal {
                block += &format!("fatal = {}\n", quoted(fatal.as_bytes()));
            }
            if !answer.warnings.is_empty() {
                let lines: Vec<_> =
                    answer.warnings.iter().map(|line| format!("    {},\n", quoted(line.as_bytes()))).collect();
                block += &format!("warnings = [\n{}]\n", lines.concat());
            }
            block
        })
        .collect();
    text += &blocks.join("\n");
    fs::write(&cases.path, text).unwrap();
}

#[test]
fn the_oracle_answers_as_recorded() {
    let Some(root) = oracle() else { return };
    let anew = std::env::var_os("POSTWRIGHT_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for cases in all() {
        let answers = ask(&root, &cases, anew);
        if anew {
            record(&cases, &answers);
            continue;
        }
        for (case, answer) in cases.cases.iter().zip(&answers) {
            if *answer != case.recorded {
                let value = masked(&case.value);
                wrong.push(format!("{value}\n  oracle   {answer:?}\n  recorded {:?}", case.recorded));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

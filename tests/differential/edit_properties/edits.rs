//! Random main.cf and master.cf files, and random edits of them: odd ones, but most of them valid.

use postwright::syntax::logical::trim;

use support::Random;

/// Parameters, and names of the user's own.
const NAMES: &[&str] = &["mynetworks", "relayhost", "mydestination", "myorigin", "foo", "a-b", "x.y", "smtp_helo_name"];
const SERVICES: &[(&str, &str)] =
    &[("smtp", "inet"), ("smtp", "unix"), ("465", "inet"), ("[::1]:25", "inet"), ("a-b", "unix"), ("pickup", "unix")];
/// What values are put together from.
const PIECES: &[&str] = &[
    "a",
    "one",
    "two",
    "10.0.0.0/8",
    "b=c",
    "=",
    " ",
    " ",
    "  ",
    ",",
    ", ",
    "\t",
    "$foo",
    "$x",
    "${foo}",
    "${x?y}",
    "${x:{a b}}",
    "$$",
    "$",
    "{",
    "}",
    "{}",
    "{ a b }",
    "#",
    "\\",
    "\"",
    "'",
    "*",
    "/",
    "!",
    ":",
    "é",
    "static:x",
];

fn value(random: &mut Random, pieces: usize, blanks: bool) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..random.below(pieces + 1) {
        match random.below(40) {
            0 => value.push(0xff),
            1 => value.push(b'\r'),
            _ => value.extend_from_slice(random.pick(PIECES).as_bytes()),
        }
    }
    if !blanks {
        value.retain(|byte| !byte.is_ascii_whitespace());
        // In master.cf an unclosed brace swallows what follows, and Postfix then writes a line that it cannot read.
        if !is_balanced(&value) {
            value.retain(|byte| !b"{}".contains(byte));
        }
    }
    value
}

fn is_balanced(value: &[u8]) -> bool {
    let step = |depth: i32, byte: &u8| match (byte, depth) {
        (_, ..0) => depth,
        (b'{', _) => depth + 1,
        (b'}', _) => depth - 1,
        _ => depth,
    };
    value.iter().fold(0, step) == 0
}

/// A comment or blank line, now and then.
fn comment(random: &mut Random, text: &mut Vec<u8>) {
    match random.below(8) {
        0 => text.extend_from_slice(b"# a = comment\n"),
        1 => text.extend_from_slice(b"  # foo = indented\n"),
        2 => text.extend_from_slice(b"\n"),
        3 => text.extend_from_slice(b" \t\n"),
        4 => text.extend_from_slice(b"#\n"),
        _ => {}
    }
}

/// Ends of lines and of the file as they occur.
fn finished(random: &mut Random, text: Vec<u8>) -> Vec<u8> {
    let mut text = text;
    if random.below(10) == 0 {
        text = text
            .split_inclusive(|&byte| byte == b'\n')
            .flat_map(|line| match line.strip_suffix(b"\n") {
                Some(line) => [line, b"\r\n"].concat(),
                None => line.to_vec(),
            })
            .collect();
    }
    // To Postfix a last byte of 0xff is the end of the file, and its line is lost.
    if random.below(5) == 0 && !text.ends_with(b"\xff\n") {
        text.pop();
    }
    text
}

/// A main.cf: comments anywhere, names more than once, values on many lines.
pub fn main_cf(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..random.below(9) {
        comment(random, &mut text);
        text.extend_from_slice(random.pick(NAMES).as_bytes());
        text.extend_from_slice(
            random.pick(&["=", " = ", " =", "= ", " =\n  ", "\n = ", "\t=\t", " =\n# inside\n\t"]).as_bytes(),
        );
        text.extend(value(random, 3, true));
        text.push(b'\n');
        for _ in 0..random.below(3) {
            comment(random, &mut text);
            text.extend_from_slice(random.pick(&[" ", "    ", "\t"]).as_bytes());
            text.extend(value(random, 3, true));
            text.push(b'\n');
        }
    }
    comment(random, &mut text);
    finished(random, text)
}

/// `-o` with a value in one of its forms.
fn override_argument(random: &mut Random) -> Vec<u8> {
    let name = random.pick(NAMES).as_bytes();
    match random.below(6) {
        0 => [b"-o { ", name, b" = x y }"].concat(),
        1 => [b"-o {", name, b"=", &value(random, 2, false), b"}"].concat(),
        // Postfix's postconf tears names apart that hold an o; its daemons do not.
        2 => b"-ox.y=z".to_vec(),
        3 => [b"-vo ", name, b"=1"].concat(),
        _ => [b"-o ", name, b"=", random.pick(&["", "a", "a,b", "$foo", "a=b", "${x?y}"]).as_bytes()].concat(),
    }
}

fn service_line(random: &mut Random, name: &str, kind: &str) -> Vec<u8> {
    let blank = |random: &mut Random| random.pick(&[" ", "  ", "\t", "       "]).to_string();
    let mut text = name.as_bytes().to_vec();
    let command = random.pick(&["smtpd", "smtp", "pipe", "pickup", "mydaemon"]);
    let flag: &[&str] = &["y", "n", "-"];
    let fields = [
        kind,
        random.pick(flag),
        random.pick(flag),
        random.pick(flag),
        random.pick(&["-", "60", "60?", "0"]),
        random.pick(&["-", "0", "1"]),
        command,
    ];
    for field in fields {
        text.extend(blank(random).bytes());
        text.extend_from_slice(field.as_bytes());
    }
    text
}

/// A master.cf, whose services have arguments of all kinds.
pub fn master_cf(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..1 + random.below(6) {
        comment(random, &mut text);
        let (name, kind) = SERVICES[random.below(SERVICES.len())];
        text.extend(service_line(random, name, kind));
        for _ in 0..random.below(4) {
            if random.below(2) == 0 {
                text.push(b'\n');
                comment(random, &mut text);
                text.push(b' ');
            }
            text.push(b' ');
            match random.below(6) {
                0 => text.extend_from_slice(random.pick(&["-v", "-t pass", "-D", "--", "-o"]).as_bytes()),
                1 => text.extend_from_slice(
                    random
                        .pick(&["flags=DRX", "user=mail", "{argv = a b}", "argv=/bin/x", "${sender}", "{}"])
                        .as_bytes(),
                ),
                _ => text.extend(override_argument(random)),
            }
        }
        text.push(b'\n');
    }
    // A comment without a newline at the end of master.cf would swallow what Postfix writes behind it.
    if random.below(2) == 0 {
        comment(random, &mut text);
        text.push(b'\n');
        return text;
    }
    finished(random, text)
}

/// `name/type`, rarely of a service that is not there, and rarely a pattern.
fn service(random: &mut Random) -> String {
    let (name, kind) = SERVICES[random.below(SERVICES.len())];
    match random.below(12) {
        0 => format!("{name}/*"),
        1 => format!("*/{kind}"),
        _ => format!("{name}/{kind}"),
    }
}

fn assignment(random: &mut Random, name: &str, value: &[u8]) -> Vec<u8> {
    [name.as_bytes(), random.pick(&["=", "=", " = ", "= ", " ="]).as_bytes(), value].concat()
}

/// The arguments of one postconf that edits.
pub fn postconf_edit(random: &mut Random) -> Vec<Vec<u8>> {
    let mode = random.pick(&["-e", "-e", "-e", "-X", "-#", "-Me", "-MX", "-M#", "-Fe", "-Pe", "-Pe", "-PX"]);
    let mut words = vec![mode.as_bytes().to_vec()];
    for _ in 0..1 + random.below(3) {
        let word = match mode {
            "-e" => {
                let (name, text) = (random.pick(NAMES), value(random, 4, true));
                assignment(random, name, &text)
            }
            "-X" | "-#" => random.pick(NAMES).as_bytes().to_vec(),
            "-Me" => {
                let (name, kind) = SERVICES[random.below(SERVICES.len())];
                let mut text = service_line(random, name, kind);
                for _ in 0..random.below(3) {
                    text.push(b' ');
                    text.extend(override_argument(random));
                }
                assignment(random, &format!("{name}/{kind}"), &text)
            }
            "-MX" | "-M#" => service(random).into_bytes(),
            "-Fe" => {
                let (field, content) = match random.below(5) {
                    0 => ("chroot", random.pick(&["y", "n", "-"])),
                    1 => ("process_limit", random.pick(&["1", "-", "100"])),
                    2 => (
                        "command",
                        random.pick(&["smtpd", "smtpd -v", "pipe {a b} c", "smtp -o { a = b }  -v", "x -o a=b"]),
                    ),
                    3 => ("wakeup", random.pick(&["1", "-", "60?"])),
                    _ => ("private", random.pick(&["y", "n"])),
                };
                let name = format!("{}/{field}", service(random));
                assignment(random, &name, content.as_bytes())
            }
            "-Pe" => {
                let (name, text) = (format!("{}/{}", service(random), random.pick(NAMES)), value(random, 2, false));
                assignment(random, &name, &text)
            }
            _ => format!("{}/{}", service(random), random.pick(NAMES)).into_bytes(),
        };
        words.push(word);
    }
    words
}

/// One change by `postwright set`.
#[derive(Clone, Debug)]
pub struct SetCommand {
    /// `name/type`; without it main.cf changes.
    pub service: Option<String>,
    pub name: &'static str,
    /// `=`, `+=` or `-=`.
    pub operator: &'static str,
    /// Without white space at its ends.
    pub value: Vec<u8>,
}

impl SetCommand {
    /// The operand.
    pub fn operand(&self) -> Vec<u8> {
        [self.name.as_bytes(), self.operator.as_bytes(), &self.value].concat()
    }
}

/// A change of main.cf or of a service.
pub fn set_command(random: &mut Random) -> SetCommand {
    let in_service = random.below(3) == 0;
    let operator = if in_service { "=" } else { random.pick(&["=", "=", "+=", "-="]) };
    let value = match random.below(3) {
        // What lists are made of.
        0 => random.pick(&["a", "one", "two", "10.0.0.0/8", "#", "$foo", "=", "{}", "{ a b }", "one, two"]).into(),
        _ => value(random, 4, true),
    };
    let (name, kind) = SERVICES[random.below(SERVICES.len())];
    let service = in_service.then(|| format!("{name}/{kind}"));
    SetCommand { service, name: random.pick(NAMES), operator, value: trim(&value).to_vec() }
}

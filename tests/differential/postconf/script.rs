//! The file `commands` of a case: what to prepare, and the command lines, one a line, in words as a shell has them.
//!
//! | line | means |
//! |---|---|
//! | `# …` | nothing |
//! | `%mkdir PATH`, `%chmod MODE PATH`, `%link TARGET PATH` | prepares each fresh copy: what git does not keep |
//! | `%repeat PATH COUNT TEXT` | appends a text many times to a file |
//! | `[nobody] [loud] [templates] [NAME=VALUE …] postconf ARGUMENT…` | a command line |
//!
//! `nobody` has it run by an unprivileged user; `loud` says that standard error is not looked at; with `templates`,
//! message texts that the same program prints where there is no template file are left out, since each has sentences of
//! its own.
//!
//! `'…'` is taken as it stands, `$'…'` knows `\n`, `\t`, `\r`, `\\`, `\'` and `\xHH`; nothing else is special. `@DIR@`
//! is the directory that the case is copied to.

/// A command line.
pub struct CommandLine {
    /// As it stands in the file.
    pub text: String,
    /// Run by an unprivileged user.
    pub nobody: bool,
    /// Standard error is not looked at.
    pub loud: bool,
    /// Built-in message texts are left out of standard output.
    pub templates: bool,
    /// Variables set for it.
    pub environment: Vec<(String, Vec<u8>)>,
    /// What follows the program's name.
    pub arguments: Vec<Vec<u8>>,
}

impl CommandLine {
    /// The arguments with which it shows templates as they are without a file.
    pub fn built_in(&self) -> Vec<Vec<u8>> {
        let shows = |word: &Vec<u8>| matches!(word.as_slice(), b"-b" | b"-t");
        let mut arguments: Vec<_> = self.arguments.split_inclusive(shows).next().unwrap_or_default().to_vec();
        arguments.push(Vec::new());
        arguments
    }

    /// Whether -d is among its options.
    pub fn asks_for_defaults(&self) -> bool {
        self.arguments.iter().filter_map(|word| word.strip_prefix(b"-")).any(|letters| {
            // What follows these is their argument.
            letters.iter().take_while(|letter| !b"cCoT".contains(letter)).any(|letter| *letter == b'd')
        })
    }
}

/// A file `commands`.
#[derive(Default)]
pub struct Script {
    /// Lines that begin with `%`, in words.
    pub setup: Vec<Vec<Vec<u8>>>,
    /// The command lines.
    pub commands: Vec<CommandLine>,
}

impl Script {
    /// Reads the text of such a file; `name` is for complaints.
    pub fn parse(name: &str, text: &str) -> Self {
        let mut script = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words = words(line).unwrap_or_else(|| panic!("{name}:{number}: open quote or bad escape: {line}"));
            if line.starts_with('%') {
                script.setup.push(words);
            } else {
                let command = command(line, words).unwrap_or_else(|| panic!("{name}:{number}: no postconf in: {line}"));
                let is_new = script.commands.iter().all(|before| before.text != command.text);
                assert!(is_new, "{name}:{number}: this command line stands here twice");
                script.commands.push(command);
            }
        }
        script
    }
}

/// The command line in these words.
fn command(text: &str, words: Vec<Vec<u8>>) -> Option<CommandLine> {
    let mut command = CommandLine {
        text: text.to_owned(),
        nobody: false,
        loud: false,
        templates: false,
        environment: Vec::new(),
        arguments: Vec::new(),
    };
    let mut words = words.into_iter();
    loop {
        let word = String::from_utf8(words.next()?).ok()?;
        match &*word {
            "postconf" => break,
            "nobody" => command.nobody = true,
            "loud" => command.loud = true,
            "templates" => command.templates = true,
            _ => {
                let (name, value) = word.split_once('=')?;
                command.environment.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
    }
    command.arguments = words.collect();
    Some(command)
}

/// The words of a line.
fn words(line: &str) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    // No word yet, or one that may be empty because it was quoted.
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => words.extend(word.take()),
            b'\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next()? {
                        b'\'' => break,
                        byte => word.push(byte),
                    }
                }
            }
            b'$' if bytes.peek() == Some(&b'\'') => {
                bytes.next();
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next()? {
                        b'\'' => break,
                        b'\\' => word.push(escaped(&mut bytes)?),
                        byte => word.push(byte),
                    }
                }
            }
            byte => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    Some(words)
}

/// What follows a backslash.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    Some(match bytes.next()? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        byte @ (b'\\' | b'\'') => byte,
        b'x' => {
            let digits = [bytes.next()?, bytes.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        }
        _ => return None,
    })
}

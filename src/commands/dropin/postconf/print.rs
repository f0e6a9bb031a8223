//! How postconf prints: `name = value`, folded or not, names or values alone, or a JSON object a line.

use crate::syntax::logical::is_space;
use std::io::Write;

/// Widest folded line of main.cf, in bytes.
const WIDTH: usize = 80;
/// Widest folded line of master.cf, in bytes.
const SERVICE_WIDTH: usize = 79;
/// What folded lines begin with.
const INDENT: &str = "    ";
/// Columns at which the fields of a service begin.
const COLUMNS: [usize; 8] = [0, 11, 17, 25, 33, 41, 49, 57];

/// How settings are printed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// `-f`
    pub fold: bool,
    /// `-h`
    pub hide_names: bool,
    /// `-H`
    pub hide_values: bool,
    /// `-j`
    pub json: bool,
}

/// Collects what goes to standard output.
#[derive(Debug, Default)]
pub struct Printer {
    out: Vec<u8>,
}

impl Printer {
    /// Prints one setting.
    pub fn setting(&mut self, name: &[u8], value: &[u8], style: Style) {
        if style.json {
            self.json(name, value, style);
        } else if style.hide_values {
            self.words(&[name], style.fold);
        } else if style.hide_names {
            self.words(&[value], style.fold);
        } else {
            self.words(&[name, b"=", value], style.fold);
        }
    }

    /// Prints one service with its arguments; of an argument pair, `-o` and its value stand together.
    pub fn service(&mut self, fields: &[&[u8]], arguments: &[Vec<u8>], fold: bool) {
        let start = self.out.len();
        for (field, column) in fields.iter().zip(COLUMNS) {
            let have = self.out.len() - start;
            let pad = if have == 0 { 0 } else { column.saturating_sub(have).max(1) };
            self.out.resize(self.out.len() + pad, b' ');
            self.out.extend_from_slice(field);
        }
        let width = self.out.len() - start;
        self.arguments(arguments, width, fold);
        self.out.push(b'\n');
    }

    /// Prints `name = command arguments…`, as the last field of a service.
    pub fn command(&mut self, name: &[u8], command: &[u8], arguments: &[Vec<u8>], style: Style) {
        if style.json || style.hide_values {
            let mut value = command.to_vec();
            for argument in arguments {
                value.push(b' ');
                value.extend_from_slice(argument);
            }
            return self.setting(name, &value, style);
        }
        let start = self.out.len();
        if !style.hide_names {
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b" = ");
        }
        self.out.extend_from_slice(command);
        let width = self.out.len() - start;
        self.arguments(arguments, width, style.fold);
        self.out.push(b'\n');
    }

    fn arguments(&mut self, arguments: &[Vec<u8>], mut width: usize, fold: bool) {
        let mut options = true;
        let mut at = 0;
        let mut after_override = false;
        let mut line_is_empty = false;
        while let Some(argument) = arguments.get(at) {
            at += 1;
            let mut text = argument.clone();
            let is_override = options && argument == b"-o" && at < arguments.len();
            if is_override {
                text.push(b' ');
                text.extend_from_slice(&arguments[at]);
                at += 1;
            } else if options && (argument.first() != Some(&b'-') || argument == b"--") {
                options = false;
            }
            let own_line = is_override || after_override;
            after_override = is_override;
            // Braces that an argument needs for its blanks do not count.
            let braces = if text.starts_with(b"{") && text.iter().any(|&byte| is_space(byte)) { 2 } else { 0 };
            if fold && (own_line || width + 1 + text.len() - braces > SERVICE_WIDTH) {
                self.out.push(b'\n');
                self.out.extend_from_slice(INDENT.as_bytes());
                width = INDENT.len();
                line_is_empty = true;
            } else if !line_is_empty {
                self.out.push(b' ');
                width += 1;
            }
            // Behind an empty argument on a line of its own there is no blank.
            line_is_empty &= text.is_empty();
            self.out.extend_from_slice(&text);
            width += text.len();
        }
    }

    /// The words of some texts, one blank between them, on lines no longer than [`WIDTH`] where that is possible.
    fn words(&mut self, texts: &[&[u8]], fold: bool) {
        let mut width = 0;
        let separates = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let words = texts.iter().flat_map(|text| text.split(separates)).filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 && fold && width + 1 + word.len() > WIDTH {
                self.out.push(b'\n');
                self.out.extend_from_slice(INDENT.as_bytes());
                width = INDENT.len();
            } else if index > 0 {
                self.out.push(b' ');
                width += 1;
            }
            self.out.extend_from_slice(word);
            width += word.len();
        }
        self.out.push(b'\n');
    }

    fn json(&mut self, name: &[u8], value: &[u8], style: Style) {
        self.out.push(b'{');
        if style.hide_values {
            self.json_string(name);
        } else if style.hide_names {
            self.json_string(value);
        } else {
            self.json_string(name);
            self.out.extend_from_slice(b": ");
            self.json_string(value);
        }
        self.out.extend_from_slice(b"}\n");
    }

    fn json_string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for &byte in text {
            match byte {
                b'"' | b'\\' => self.out.extend_from_slice(&[b'\\', byte]),
                b'\x08' => self.out.extend_from_slice(b"\\b"),
                b'\x0c' => self.out.extend_from_slice(b"\\f"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                0..0x20 | 0x7f => self.out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    /// Prints text as it is.
    pub fn text(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    /// What was printed.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes everything to standard output.
    ///
    /// # Errors
    /// Those of writing.
    pub fn flush(&mut self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(&self.out)?;
        self.out.clear();
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Printer)) -> String {
        let mut printer = Printer::default();
        print(&mut printer);
        String::from_utf8_lossy(&printer.out).into_owned()
    }

    #[test]
    fn settings_fold_at_eighty() {
        let fold = Style { fold: true, ..Style::default() };
        let long = "345678901234567890 2345678901234567890123456789012345678 0123456789 x 1";
        let expected = "virtual_alias_domains = 345678901234567890 2345678901234567890123456789012345678\n    \
                        0123456789 x 1\n";
        assert_eq!(printed(|p| p.setting(b"virtual_alias_domains", long.as_bytes(), fold)), expected);
        assert_eq!(printed(|p| p.setting(b"a", b"b  c\td", Style::default())), "a = b c d\n");
        assert_eq!(printed(|p| p.setting(b"a", b"", Style::default())), "a =\n");
    }

    #[test]
    fn services_stand_in_columns() {
        let fields: [&[u8]; 8] = [b"smtp", b"inet", b"n", b"-", b"n", b"-", b"-", b"smtpd"];
        let arguments: Vec<Vec<u8>> = ["-o", "a=b", "-v", "-o", "c=d", "-D", "-X"].map(Into::into).to_vec();
        let expected = "smtp       inet  n       -       n       -       -       smtpd\n    -o a=b\n    -v\n    -o c=d\n    \
                        -D -X\n";
        assert_eq!(printed(|p| p.service(&fields, &arguments, true)), expected);
        for (word, between) in [
            ("3456789012345", " "),
            ("34567890123456", "\n    "),
            ("{45678 0123456}", " "),
            ("{45678 01234567}", "\n    "),
        ] {
            let fields: [&[u8]; 8] = [b"smtp", b"inet", b"n", b"-", b"n", b"-", b"-", b"pickup"];
            let expected =
                format!("smtp       inet  n       -       n       -       -       pickup v{between}{word}\n");
            assert_eq!(printed(|p| p.service(&fields, &["v".into(), word.into()], true)), expected);
        }
        let arguments = ["-o".into(), "a=b".into(), Vec::new(), Vec::new(), "c".into(), "d".into()];
        let expected = "smtp       inet  n       -       n       -       -       smtpd\n    -o a=b\n    c d\n";
        assert_eq!(printed(|p| p.service(&fields, &arguments, true)), expected);
        let long: [&[u8]; 8] =
            [b"averylongservicename", b"unix-dgram", b"-", b"-", b"-", b"100000000?", b"12345678", b"postlogd"];
        let expected = "averylongservicename unix-dgram - - -    100000000? 12345678 postlogd\n";
        assert_eq!(printed(|p| p.service(&long, &[], false)), expected);
    }

    #[test]
    fn json_escapes() {
        let json = Style { json: true, ..Style::default() };
        assert_eq!(printed(|p| p.setting(b"a", b"x\t\"\\", json)), "{\"a\": \"x\\t\\\"\\\\\"}\n");
    }
}

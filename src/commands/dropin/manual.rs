//! What the manual page of a drop-in program says, declared beside the program.

use crate::commands::terminal::output::wrapped;

/// Columns of the text that `help` shows.
const HELP_WIDTH: usize = 96;

/// A program as its page describes it.
#[derive(Debug)]
pub struct Manual {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Its arguments, one line for each way of calling it.
    pub synopsis: &'static [&'static str],
    /// What it is for; a paragraph each.
    pub description: &'static [&'static str],
    /// Its options, in the order of the page.
    pub options: &'static [OptionManual],
    /// Its exit statuses, and what they mean.
    pub status: &'static [(&'static str, &'static str)],
}

/// An option of a program.
#[derive(Debug)]
pub struct OptionManual {
    /// Its letter; a dash for one with a long name.
    pub letter: char,
    /// Its long name; empty for a letter.
    pub name: &'static str,
    /// The name of its value; empty for none.
    pub value: &'static str,
    /// What it does, in a sentence or a few.
    pub about: &'static str,
}

impl Manual {
    /// The page as text, for `postwright help NAME`.
    #[must_use]
    pub fn help(&self) -> String {
        let mut text = format!("{}: {}\n\nUsage:\n", self.name, self.about);
        self.synopsis.iter().for_each(|line| text += &format!("  {} {line}\n", self.name));
        for paragraph in self.description {
            text += &format!("\n{}", wrapped(paragraph, "", HELP_WIDTH));
        }
        text += "\nOptions:\n";
        for option in self.options {
            let value = if option.value.is_empty() { String::new() } else { format!(" {}", option.value) };
            text += &format!("  {}{value}\n{}", option.shown(), wrapped(option.about, "      ", HELP_WIDTH));
        }
        text += "\nStatus:\n";
        self.status
            .iter()
            .for_each(|(status, meaning)| text += &format!("  {status}\n{}", wrapped(meaning, "      ", HELP_WIDTH)));
        text
    }
}

impl OptionManual {
    /// An option that takes no value.
    #[must_use]
    pub const fn flag(letter: char, about: &'static str) -> Self {
        Self { letter, name: "", value: "", about }
    }

    /// An option that takes a value.
    #[must_use]
    pub const fn with(letter: char, value: &'static str, about: &'static str) -> Self {
        Self { letter, name: "", value, about }
    }

    /// An option of our own, which takes a value.
    #[must_use]
    pub const fn long(name: &'static str, value: &'static str, about: &'static str) -> Self {
        Self { letter: '-', name, value, about }
    }

    /// As it is given: `-x`, `--name`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("-{}{}", self.letter, self.name)
    }
}

/// `-c`, of every program that reads main.cf.
pub(super) const CONFIG_DIR: OptionManual =
    OptionManual::with('c', "config_dir", "The configuration directory, instead of $MAIL_CONFIG or /etc/postfix.");

/// `-v`
pub(super) const VERBOSE: OptionManual =
    OptionManual::flag('v', "Accepted; Postfix prints debugging information here, this program has none.");

/// Statuses of the programs that end with 1 on any fatal error.
pub(super) const STATUS: &[(&str, &str)] = &[
    ("0", "Done; for -d and -q: at least one key was found."),
    ("1", "A fatal error, told in a line that begins with the name of the program; for -d and -q: nothing was found."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dropin::{newaliases, postalias, postconf, postmap};

    /// The letters of a page, as `getopt` wants them, in alphabetic order.
    fn documented(manual: &Manual) -> Vec<String> {
        let mut letters: Vec<String> = manual
            .options
            .iter()
            .filter(|option| option.name.is_empty())
            .map(|option| format!("{}{}", option.letter, if option.value.is_empty() { "" } else { ":" }))
            .collect();
        letters.sort();
        letters
    }

    /// What `getopt` is told, taken apart.
    fn known(letters: &str) -> Vec<String> {
        let mut known: Vec<String> = Vec::new();
        for letter in letters.chars() {
            match (letter, known.last_mut()) {
                (':', Some(last)) => last.push(':'),
                _ => known.push(letter.to_string()),
            }
        }
        known.sort();
        known
    }

    #[test]
    fn the_pages_tell_of_every_option_and_no_other() {
        assert_eq!(documented(&postmap::MANUAL), known(postmap::POSTMAP.letters));
        assert_eq!(documented(&postalias::MANUAL), known(postalias::POSTALIAS.letters));
        for (manual, known) in [
            (&postmap::MANUAL, postmap::POSTMAP.long),
            (&postalias::MANUAL, postalias::POSTALIAS.long),
            (&newaliases::MANUAL, newaliases::LONG),
        ] {
            let long = manual.options.iter().map(|option| option.name).filter(|name| !name.is_empty());
            assert_eq!(long.collect::<Vec<_>>(), known, "{}", manual.name);
        }
        // -E is accepted by getopt and refused as wrong usage.
        let postconf = known(postconf::options::LETTERS).into_iter().filter(|letter| letter != "E").collect::<Vec<_>>();
        assert_eq!(documented(&postconf::MANUAL), postconf);
    }
}

//! The name of a queued message, in the two forms of Postfix: read back to the same letters, or not at all.
//!
//! The *short* form is the microsecond of arrival in five digits of base 16 and then a number (for Postfix, the inode
//! of the queue file) in base 16. The *long* form is the second in six or more digits of base 52, the microsecond in
//! four, `z`, and the number in base 51. The digits of the last two leave out the vowels, and base 51 also the `z`,
//! which is how the forms are told apart.

use std::fmt;

/// The digits of base 52; those of base 51 are the same without the last.
const DIGITS: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
/// Seconds that fit: enough for 270,000 years.
const SECONDS: u64 = 1 << 43;
const MICROSECONDS: u32 = 1_000_000;
/// Tells the long form in the packed words.
const LONG: u64 = 1 << 63;

/// Which of the two forms new messages get (`enable_long_queue_ids`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Microsecond and number.
    Short,
    /// Second, microsecond and number.
    Long,
}

/// A queue id. Long ones are in the order of their times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId {
    /// The form in the highest bit, seconds, and microseconds in the lowest 20 bits.
    time: u64,
    number: u64,
}

impl QueueId {
    /// The id of a message that arrived then; what does not fit of the time is left out.
    #[must_use]
    pub fn new(form: Form, seconds: u64, microseconds: u32, number: u64) -> Self {
        let microseconds = u64::from(microseconds % MICROSECONDS);
        let time = match form {
            Form::Short => microseconds,
            Form::Long => LONG | (seconds % SECONDS) << 20 | microseconds,
        };
        Self { time, number }
    }

    /// Reads an id as it is printed; `None` for all else, also for digits that printing would leave out.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        // The time may have a `z` among its digits, the number has none.
        let id = match text.iter().rposition(|&byte| byte == b'z') {
            Some(end) => {
                let (time, number) = (text.get(..end)?, text.get(end + 1..)?);
                let (seconds, microseconds) = time.split_at(time.len().checked_sub(4)?);
                let microseconds = u32::try_from(number_in(52, microseconds)?).ok()?;
                let seconds = number_in(52, seconds)?;
                if seconds >= SECONDS || microseconds >= MICROSECONDS {
                    return None;
                }
                Self::new(Form::Long, seconds, microseconds, number_in(51, number)?)
            }
            None => {
                let hexadecimal = |digits: &[u8]| {
                    let plain = !digits.is_empty() && digits.iter().all(|digit| b"0123456789ABCDEF".contains(digit));
                    plain.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
                };
                let microseconds = u32::try_from(hexadecimal(text.get(..5)?)?).ok()?;
                if microseconds >= MICROSECONDS {
                    return None;
                }
                Self::new(Form::Short, 0, microseconds, hexadecimal(text.get(5..)?)?)
            }
        };
        (id.to_string().as_bytes() == text).then_some(id)
    }

    /// The id as two numbers, for files.
    #[must_use]
    pub fn words(self) -> [u64; 2] {
        [self.time, self.number]
    }

    /// An id from such numbers; `None` if no id has them.
    #[must_use]
    pub fn from_words([time, number]: [u64; 2]) -> Option<Self> {
        let microseconds = time & ((1 << 20) - 1);
        let possible = microseconds < u64::from(MICROSECONDS) && (time & LONG != 0 || time == microseconds);
        possible.then_some(Self { time, number })
    }

    /// Which form it has.
    #[must_use]
    pub fn form(self) -> Form {
        if self.time & LONG == 0 { Form::Short } else { Form::Long }
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.time & ((1 << 20) - 1);
        match self.form() {
            Form::Short => write!(f, "{microseconds:05X}{:X}", self.number),
            Form::Long => {
                write_digits(f, 52, (self.time & !LONG) >> 20, 6)?;
                write_digits(f, 52, microseconds, 4)?;
                f.write_str("z")?;
                write_digits(f, 51, self.number, 1)
            }
        }
    }
}

impl fmt::Debug for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn number_in(base: u64, digits: &[u8]) -> Option<u64> {
    let mut number: u64 = 0;
    for digit in digits {
        let value = DIGITS.iter().position(|known| known == digit)? as u64;
        if value >= base {
            return None;
        }
        number = number.checked_mul(base)?.checked_add(value)?;
    }
    (!digits.is_empty()).then_some(number)
}

/// Writes at least `least` digits.
fn write_digits(f: &mut fmt::Formatter<'_>, base: u64, mut number: u64, least: usize) -> fmt::Result {
    // As many as 64 bits have in base 51.
    let mut digits = [DIGITS[0]; 12];
    let mut start = digits.len();
    while number > 0 && start > 0 {
        start -= 1;
        digits[start] = DIGITS[(number % base) as usize];
        number /= base;
    }
    let start = start.min(digits.len() - least);
    f.write_str(std::str::from_utf8(&digits[start..]).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_print_and_are_read_back() {
        let cases = [
            // The example of postconf(5), from March 2011.
            ("3Pt2mN2VXxznjll", QueueId::new(Form::Long, 1_300_631_508, 353_025, number_in(51, b"njll").unwrap())),
            ("0000000000z0", QueueId::new(Form::Long, 0, 0, 0)),
            ("1B1hB20FCGz1", QueueId::new(Form::Long, number_in(52, b"1B1hB2").unwrap(), 35_738, 1)),
            ("00000z000zz0", QueueId::new(Form::Long, 51, 51, 0)),
            ("000000", QueueId::new(Form::Short, 9, 0, 0)),
            ("F423F1A2B", QueueId::new(Form::Short, 7, 999_999, 0x1a2b)),
            ("00ABCFFFFFFFFFFFFFFFF", QueueId::new(Form::Short, 0, 0xabc, u64::MAX)),
        ];
        for (text, id) in cases {
            assert_eq!(QueueId::parse(text.as_bytes()), Some(id), "{text}");
            assert_eq!(id.to_string(), text);
            assert_eq!(QueueId::from_words(id.words()), Some(id));
        }
        let last = QueueId::new(Form::Long, SECONDS - 1, 999_999, u64::MAX);
        assert_eq!(QueueId::parse(last.to_string().as_bytes()), Some(last));
    }

    #[test]
    fn nothing_else_is_an_id() {
        let wrong = [
            "",
            "z",
            "0",
            "00000",
            "F42401",
            "0000001",
            "00000g",
            "0000a1",
            "+00001",
            "../../etc",
            "00000 1",
            "0000000000z",
            "0000000000zz",
            "000000000z1",
            "00000000000z1",
            "0000000000z01",
            "0000000000z1z",
            "000000zzzzz1",
            "0000000000zA",
            "00000FFFFFFFFFFFFFFFFF",
            "zzzzzzzzzzzz1",
            "0000000000zyyyyyyyyyyyyyyyyyyyy",
        ];
        for text in wrong {
            assert_eq!(QueueId::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(QueueId::from_words([1_000_000, 1]), None);
        assert_eq!(QueueId::from_words([1 << 20, 1]), None);
    }

    #[test]
    fn long_ids_sort_by_time() {
        let id = |seconds, microseconds| QueueId::new(Form::Long, seconds, microseconds, 5);
        assert!(id(5, 9) < id(6, 1) && id(6, 1) < id(6, 2));
    }
}

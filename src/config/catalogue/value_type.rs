//! The types that Postfix itself knows for values, with their limits.

/// How Postfix reads a value (postconf(5)). The `N` types are expanded (`$name`) before they are read; `Raw` never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// `yes` or `no`, in any case.
    Bool,
    /// A boolean that may hold `$name`.
    NBool,
    /// A whole number.
    Int(Limits),
    /// A whole number that may hold `$name`.
    NInt(Limits),
    /// A whole number as wide as the machine's `long`.
    Long(Limits),
    /// A string; the limits are of its length in bytes.
    Str(Limits),
    /// A string whose `$name` is left for later; the limits are of its length in bytes.
    Raw(Limits),
    /// A time; the limits are in seconds.
    Time {
        /// What a number without a unit counts.
        unit: TimeUnit,
        /// Limits in seconds.
        limits: Limits,
    },
}

impl ValueType {
    /// The name of the type, as postconf(5) and the data files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::NBool => "nbool",
            Self::Int(_) => "int",
            Self::NInt(_) => "nint",
            Self::Long(_) => "long",
            Self::Str(_) => "str",
            Self::Raw(_) => "raw",
            Self::Time { .. } => "time",
        }
    }

    /// The limits, if the type has any.
    pub fn limits(self) -> Option<Limits> {
        match self {
            Self::Bool | Self::NBool => None,
            Self::Int(limits)
            | Self::NInt(limits)
            | Self::Long(limits)
            | Self::Str(limits)
            | Self::Raw(limits)
            | Self::Time { limits, .. } => Some(limits),
        }
    }

    /// Whether an empty value is refused: a string that needs at least one byte, or anything that must be read.
    pub fn refuses_empty(self) -> bool {
        match self {
            Self::Str(limits) | Self::Raw(limits) => limits.min.is_some(),
            _ => true,
        }
    }
}

/// The lowest and the highest value (or length) that Postfix accepts; `None` = no limit on that side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The lowest.
    pub min: Option<u32>,
    /// The highest.
    pub max: Option<u32>,
}

impl Limits {
    /// Whether `value` lies within the limits.
    pub fn allow(self, value: i64) -> bool {
        self.min.is_none_or(|min| value >= i64::from(min)) && self.max.is_none_or(|max| value <= i64::from(max))
    }
}

/// A unit of time in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
}

impl TimeUnit {
    /// How many seconds it has.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 604_800,
        }
    }

    /// The unit that a letter stands for; case does not matter.
    pub fn from_letter(letter: u8) -> Option<Self> {
        match letter.to_ascii_lowercase() {
            b's' => Some(Self::Second),
            b'm' => Some(Self::Minute),
            b'h' => Some(Self::Hour),
            b'd' => Some(Self::Day),
            b'w' => Some(Self::Week),
            _ => None,
        }
    }

    /// Reads a time in which a number without a unit counts these: the seconds, or `None` if Postfix refuses it.
    ///
    /// Postfix wants a small letter, and does not look at what follows it; a letter alone is no time at all (`soon` is
    /// 0 s).
    #[must_use]
    pub fn parse_time(self, text: &[u8]) -> Option<i64> {
        let unsigned = text.strip_prefix(b"+").unwrap_or(text);
        let digits = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, unit) = match std::str::from_utf8(&unsigned[..digits]).ok()? {
            "" => (0, text),
            number => (number.parse().ok()?, &unsigned[digits..]),
        };
        let unit = match unit.first() {
            None if digits == 0 => return None,
            None => self,
            Some(letter) if letter.is_ascii_lowercase() => Self::from_letter(*letter)?,
            Some(_) => return None,
        };
        i64::checked_mul(number, unit.seconds()).filter(|&seconds| seconds <= i64::from(i32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive_and_optional() {
        let both = Limits { min: Some(200), max: Some(599) };
        assert!(!both.allow(199) && both.allow(200) && both.allow(599) && !both.allow(600));
        assert!(Limits { min: None, max: None }.allow(-5));
    }

    #[test]
    fn times_are_read_as_postfix_reads_them() {
        let cases: [(&str, Option<i64>); 15] = [
            ("5", Some(432_000)),
            ("90m", Some(5400)),
            ("6h30", Some(21_600)),
            ("1mm", Some(60)),
            ("0", Some(0)),
            ("+1h", Some(3600)),
            ("soon", Some(0)),
            ("+s", None),
            ("", None),
            ("-1", None),
            ("1S", None),
            ("1 s", None),
            ("x", None),
            ("99999999999999w", None),
            ("99999999999999999999", None),
        ];
        for (text, seconds) in cases {
            assert_eq!(TimeUnit::Day.parse_time(text.as_bytes()), seconds, "{text:?}");
        }
    }

    #[test]
    fn units_have_their_seconds() {
        let seconds: Vec<_> = b"smHdWx".iter().map(|l| TimeUnit::from_letter(*l).map(TimeUnit::seconds)).collect();
        assert_eq!(seconds, [Some(1), Some(60), Some(3600), Some(86_400), Some(604_800), None]);
    }
}

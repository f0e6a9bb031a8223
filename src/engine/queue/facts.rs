//! What the index knows of each message without reading it, and how it changes: the first bytes of a record.

use super::wire::{Malformed, Reader};

/// Bytes at the start of a record's payload that recovery looks at.
pub(super) const HEAD: usize = 32;

/// Where a message is. *Active* is no place of its own here: it is a mark in memory, which a restart forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Accepted, not looked at yet.
    Incoming,
    /// To be tried again at its time.
    Deferred,
    /// Waits for somebody to release it.
    Hold,
    /// Something of it is damaged.
    Corrupt,
}

impl Queue {
    fn code(self) -> u8 {
        match self {
            Self::Incoming => 0,
            Self::Deferred => 1,
            Self::Hold => 2,
            Self::Corrupt => 3,
        }
    }

    fn from_code(code: u8) -> Result<Self, Malformed> {
        match code {
            0 => Ok(Self::Incoming),
            1 => Ok(Self::Deferred),
            2 => Ok(Self::Hold),
            3 => Ok(Self::Corrupt),
            _ => Err(Malformed("no queue has this number")),
        }
    }
}

/// A set of marks on a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u32);

impl Flags {
    /// To be returned to its sender at the next attempt.
    pub const FORCED_EXPIRE: Self = Self(1);
    /// The sender was told that it is late.
    pub const DELAY_TOLD: Self = Self(2);
    /// `BODY=8BITMIME`.
    pub const EIGHT_BIT: Self = Self(4);
    /// `SMTPUTF8`.
    pub const SMTPUTF8: Self = Self(8);

    /// Whether all of these are set.
    #[must_use]
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// With these set as well.
    #[must_use]
    pub fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

/// The small facts about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Microseconds since 1970.
    pub arrival: i64,
    /// Bytes of its content.
    pub size: u64,
    /// When to try next: microseconds since 1970.
    pub next_attempt: i64,
    /// Marks.
    pub flags: Flags,
    /// Where it is.
    pub queue: Queue,
    /// Whether its content is a file of its own.
    pub in_file: bool,
}

impl Facts {
    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.arrival.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.size.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.next_attempt.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.flags.0.to_le_bytes());
        bytes[28] = self.queue.code();
        bytes[29] = self.in_file.into();
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        Ok(Self {
            arrival: reader.i64()?,
            size: reader.u64()?,
            next_attempt: reader.i64()?,
            flags: Flags(reader.u32()?),
            queue: Queue::from_code(reader.u8()?)?,
            in_file: match reader.u8()? {
                0 => false,
                1 => true,
                _ => return Err(Malformed("its content is nowhere")),
            },
        })
    }

    /// What is known of a message whose record cannot be read.
    pub(super) fn corrupt() -> Self {
        let flags = Flags::default();
        Self { arrival: 0, size: 0, next_attempt: 0, flags, queue: Queue::Corrupt, in_file: false }
    }
}

/// A change of the facts; the default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Move {
    /// To another queue.
    pub queue: Option<Queue>,
    /// To be tried at another time.
    pub next_attempt: Option<i64>,
    /// Marks to set.
    pub set: Flags,
    /// Marks to take away.
    pub clear: Flags,
}

impl Move {
    /// To another queue, and nothing else.
    #[must_use]
    pub fn to(queue: Queue) -> Self {
        Self { queue: Some(queue), ..Self::default() }
    }

    pub(super) fn apply(&self, facts: &mut Facts) {
        facts.queue = self.queue.unwrap_or(facts.queue);
        facts.next_attempt = self.next_attempt.unwrap_or(facts.next_attempt);
        facts.flags = facts.flags.with(self.set).without(self.clear);
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..8].copy_from_slice(&self.next_attempt.unwrap_or_default().to_le_bytes());
        bytes[8..12].copy_from_slice(&self.set.0.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.clear.0.to_le_bytes());
        bytes[16] = self.next_attempt.is_some().into();
        bytes[17] = self.queue.map_or(255, Queue::code);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (next_attempt, set, clear) = (reader.i64()?, Flags(reader.u32()?), Flags(reader.u32()?));
        let next_attempt = match reader.u8()? {
            0 => None,
            1 => Some(next_attempt),
            _ => return Err(Malformed("it has a time and has none")),
        };
        let queue = match reader.u8()? {
            255 => None,
            code => Some(Queue::from_code(code)?),
        };
        Ok(Self { queue, next_attempt, set, clear })
    }
}

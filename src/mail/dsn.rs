//! What the sender of mail wants to hear of it.
//!
//! Source: RFC 3461, sections 4.1 and 4.3.

/// What is returned to the sender of mail that cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// The whole message.
    Full,
    /// Its headers.
    Headers,
}

/// Of what the sender of mail is told; nothing is set if he did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// Of nothing, whatever else stands here.
    pub never: bool,
    /// That it arrived.
    pub success: bool,
    /// That it could not be delivered.
    pub failure: bool,
    /// That it takes long.
    pub delay: bool,
}

impl Notify {
    /// Reads `NEVER`, or some of `SUCCESS`, `FAILURE` and `DELAY` with commas between them.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        for word in text.split(|byte| *byte == b',').filter(|word| !word.is_empty()) {
            match word.to_ascii_uppercase().as_slice() {
                b"NEVER" => found.never = true,
                b"SUCCESS" => found.success = true,
                b"FAILURE" => found.failure = true,
                b"DELAY" => found.delay = true,
                _ => return None,
            }
        }
        let is_other = found.success || found.failure || found.delay;
        (found.never != is_other).then_some(found)
    }
}

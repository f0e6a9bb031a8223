//! Errors of the system in the words that its programs use.

/// The system's words for an error, without the number that Rust adds.
#[must_use]
pub fn system_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_left_out() {
        assert_eq!(system_words(&std::io::Error::from_raw_os_error(2)), "No such file or directory");
        assert_eq!(system_words(&std::io::Error::other("larger than 64 MiB")), "larger than 64 MiB");
    }
}

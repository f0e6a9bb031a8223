//! A file that could not be read or written, and why.

use super::system_words;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What happened to a file; shown as `PATH: WORDS`.
#[derive(Debug)]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl FileError {
    /// For `map_err`: the error of a step that worked on this file.
    pub fn at(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |error| Self { path: path.clone(), error }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), system_words(&self.error))
    }
}

impl std::error::Error for FileError {}

impl From<FileError> for String {
    fn from(error: FileError) -> Self {
        error.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_before_the_words_of_the_system() {
        let error = FileError::at(Path::new("/x/main.cf"))(io::Error::from_raw_os_error(13));
        assert_eq!(error.to_string(), "/x/main.cf: Permission denied");
    }
}

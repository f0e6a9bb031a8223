//! Patterns of file names, for settings that hold for some files: `*` and `?` within one part of a path, `**` for any
//! parts.
//!
//! A pattern without `/` is held against the last part of a path, any other against the whole of it.

/// Whether `path`, with `/` between its parts, fits.
#[must_use]
pub fn fits(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    if !pattern.contains('/') {
        return part_fits(pattern.as_bytes(), path.rsplit('/').next().unwrap_or(path).as_bytes());
    }
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    star_match(&pattern, &path, |part| *part == "**", |pattern, part| part_fits(pattern.as_bytes(), part.as_bytes()))
}

fn part_fits(pattern: &[u8], text: &[u8]) -> bool {
    star_match(pattern, text, |byte| *byte == b'*', |wanted, byte| *wanted == b'?' || wanted == byte)
}

/// Matches with stars that stand for any number of elements: linear but for one step back a star, so no pattern is
/// slow.
fn star_match<T>(pattern: &[T], text: &[T], is_star: impl Fn(&T) -> bool, fits: impl Fn(&T, &T) -> bool) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        if pattern.get(at).is_some_and(&is_star) {
            star = Some((at, from));
            at += 1;
        } else if pattern.get(at).is_some_and(|wanted| fits(wanted, &text[from])) {
            at += 1;
            from += 1;
        } else if let Some((last, tried)) = star {
            star = Some((last, tried + 1));
            at = last + 1;
            from = tried + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(is_star)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("main.cf", "main.cf", true),
            ("main.cf", "site/main.cf", true),
            ("*.cf", "site/master.cf", true),
            ("*.cf", "site/master.cf.old", false),
            ("m?ster.cf", "master.cf", true),
            ("m?ster.cf", "mster.cf", false),
            ("site/*", "site/main.cf", true),
            ("./site/*", "site/main.cf", true),
            ("site/*", "site/maps/virtual", false),
            ("site/**", "site/maps/virtual", true),
            ("**/virtual", "virtual", true),
            ("**/virtual", "a/b/virtual", true),
            ("a/**/d", "a/d", true),
            ("a/**/d", "a/b/c/d", true),
            ("a/**/d", "a/b/c", false),
            ("", "main.cf", false),
            ("*", "", true),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(fits(pattern, path), expected, "{pattern:?} {path:?}");
        }
    }
}

//! Message texts of bounce templates: the built-in ones are in each program's own words, so they are left out of
//! answers.

/// What stands for such a text.
const BUILT_IN: &[u8] = b"(built-in)";

/// A template as it is printed: its first line and headers, and its message text.
struct Template<'a> {
    first_line: &'a [u8],
    head: &'a [u8],
    text: &'a [u8],
}

/// What was printed, without the message texts that `built_in`, printed by the same program, has too.
pub fn without_built_in(printed: &[u8], built_in: &[u8]) -> Vec<u8> {
    let built_in = templates(built_in);
    let mut hidden = Vec::with_capacity(printed.len());
    for template in templates(printed) {
        // Only what follows the last of them differs with its place.
        let text = template.text.trim_ascii_end();
        let is_same = |other: &Template<'_>| other.text.trim_ascii_end() == text;
        let is_built_in = built_in.iter().any(|other| other.first_line == template.first_line && is_same(other));
        hidden.extend_from_slice(template.head);
        hidden.extend_from_slice(if is_built_in { BUILT_IN } else { text });
        hidden.extend_from_slice(&template.text[text.len()..]);
    }
    hidden
}

/// The templates of an output; all bytes of it are in one of them.
fn templates(printed: &[u8]) -> Vec<Template<'_>> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in printed.split_inclusive(|byte| *byte == b'\n') {
        if at == 0 || is_first_line(line) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([printed.len()]);
    let pieces = starts.iter().zip(ends).map(|(&start, end)| &printed[start..end]);
    pieces
        .map(|piece| {
            let first = piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1);
            let has_headers = piece[..first].ends_with(b"_template = <<EOF\n");
            let headers =
                if has_headers { memchr::memmem::find(piece, b"\n\n").map_or(first, |at| at + 2) } else { first };
            Template { first_line: &piece[..first], head: &piece[..headers], text: &piece[headers..] }
        })
        .collect()
}

fn is_first_line(line: &[u8]) -> bool {
    ["failure", "delay", "success", "verify"].into_iter().any(|class| {
        line == format!("{class}_template = <<EOF\n").as_bytes()
            || line == format!("expanded_{class}_text = <<EOF\n").as_bytes()
    })
}

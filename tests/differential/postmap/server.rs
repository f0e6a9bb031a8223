//! Servers for `tcp:` and `socketmap:` tables, asked by ours and by Postfix: the key tells the server what to do.
//!
//! | key | the server |
//! |---|---|
//! | `say TEXT` | sends the text; `~n` is a newline, `~p` a `%`, `~xNN` a byte |
//! | `net TEXT` | sends the text in a netstring |
//! | `echo …` | answers with the request as it came |
//! | `count` | answers with the number of the request on this connection |
//! | `long N` | answers with N letters |
//! | `drip` | answers, each byte for itself |
//! | `bye` | answers and hangs up |
//! | `close` | hangs up |
//! | `flood X` | sends that byte until nobody listens |
//! | another | has no such key |

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::OnceLock;

#[derive(Clone, Copy)]
enum Protocol {
    Tcp,
    Socketmap,
}

/// The ports of the two servers, which run as long as the program does.
pub fn ports() -> (u16, u16) {
    static PORTS: OnceLock<(u16, u16)> = OnceLock::new();
    *PORTS.get_or_init(|| (listen(Protocol::Tcp), listen(Protocol::Socketmap)))
}

fn listen(protocol: Protocol) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_nodelay(true).unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            std::thread::spawn(move || serve(protocol, reader, stream));
        }
    });
    port
}

/// Serves `socketmap:` at a path, for everybody; one that is there is replaced.
pub fn listen_at(path: &Path) {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reader = BufReader::new(stream.try_clone().unwrap());
            std::thread::spawn(move || serve(Protocol::Socketmap, reader, stream));
        }
    });
}

/// Answers requests until somebody hangs up.
fn serve(protocol: Protocol, mut reader: impl BufRead, mut writer: impl Write) -> Option<()> {
    for count in 1.. {
        let request = match protocol {
            Protocol::Tcp => read_line(&mut reader)?,
            Protocol::Socketmap => read_netstring(&mut reader)?,
        };
        let key = match protocol {
            Protocol::Tcp => unquoted(request.strip_prefix(b"get ")?, b'%'),
            Protocol::Socketmap => request[request.iter().position(|&byte| byte == b' ')? + 1..].to_vec(),
        };
        let found = |value: &[u8]| match protocol {
            Protocol::Tcp => [b"200 ", value, b"\n"].concat(),
            Protocol::Socketmap => netstring(&[b"OK ", value].concat()),
        };
        let space = key.iter().position(|&byte| byte == b' ').unwrap_or(key.len());
        let text = key.get(space + 1..).unwrap_or_default();
        match &key[..space] {
            b"say" => writer.write_all(&script(text)),
            b"net" => writer.write_all(&netstring(&script(text))),
            b"echo" => writer.write_all(&found(&quoted(&request, protocol))),
            b"count" => writer.write_all(&found(count.to_string().as_bytes())),
            b"long" => writer.write_all(&found(&vec![b'x'; std::str::from_utf8(text).ok()?.parse().ok()?])),
            b"drip" => found(b"drip").iter().try_for_each(|&byte| writer.write_all(&[byte])),
            b"flood" => loop {
                writer.write_all(&[*text.first()?; 4096]).ok()?;
            },
            b"close" => return None,
            b"bye" => return writer.write_all(&found(b"bye")).ok(),
            _ => writer.write_all(match protocol {
                Protocol::Tcp => b"500 no%20such key\n",
                Protocol::Socketmap => b"9:NOTFOUND ,",
            }),
        }
        .ok()?;
    }
    None
}

fn read_line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    line.strip_suffix(b"\n").map(<[u8]>::to_vec)
}

fn read_netstring(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = Vec::new();
    reader.read_until(b':', &mut length).ok()?;
    let length: usize = std::str::from_utf8(length.strip_suffix(b":")?).ok()?.parse().ok()?;
    let mut text = vec![0; length + 1];
    reader.read_exact(&mut text).ok()?;
    (text.pop()? == b',').then_some(text)
}

fn netstring(text: &[u8]) -> Vec<u8> {
    [text.len().to_string().as_bytes(), b":", text, b","].concat()
}

/// What `say` sends.
fn script(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text).replace("~n", "\n").replace("~p", "%");
    unquoted(text.replace("~x", "~").as_bytes(), b'~')
}

/// With the two digits behind each mark turned into their byte.
fn unquoted(text: &[u8], mark: u8) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| byte == mark).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                plain.push(value);
                rest = &behind[2..];
            }
            None => {
                plain.push(byte);
                rest = behind;
            }
        }
    }
    plain
}

/// A request in a value, so that it is shown as it was.
fn quoted(request: &[u8], protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Tcp => String::from_utf8_lossy(request).replace('%', "%25").into_bytes(),
        Protocol::Socketmap => request.to_vec(),
    }
}

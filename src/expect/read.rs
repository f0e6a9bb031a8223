//! Files of expectations, in TOML.
//!
//! ```toml
//! [[expect]]
//! address = "info@example.com"
//! from = "someone@example.net"            # the envelope sender, if it matters
//! recipients = ["alice@example.com", "bob@example.org"]
//! transport = ["local", "smtp"]
//!
//! [[expect]]
//! address = "nobody@example.com"
//! rejected = "550 5.1.1"
//!
//! [[expect]]
//! address = "bob@example.org"
//! client = "unknown[192.0.2.1]"           # a session with the SMTP server is played
//! rejected_by = "reject_unauth_destination"
//! ```
//!
//! Nothing is guessed: a key or word that does not exist, an entry that expects nothing and a file without entries are
//! errors with their place, and with what may be meant.

use super::client_keys::{CLIENT_KEYS, ClientKeys};
use super::{Assertion, Expectation, Form, KEYS, Wanted};
use crate::base::{Source, Span};
use crate::routing::access::Client;
use crate::routing::fate::OR_MX;
use crate::syntax::toml_file::{TomlError, TomlFile, TomlValue};
use std::ops::Range;
use toml::de::DeValue;

/// The key of the list.
const LIST: &str = "expect";

/// The expectations of a file, in its order; at least one. `has_client` if there is a client for those that name none.
///
/// # Errors
/// Text that is not TOML, what means nothing in it, and a file that expects nothing.
pub fn parse(source: &Source, has_client: bool) -> Result<Vec<Expectation>, TomlError> {
    let (file, document) = TomlFile::parse(source)?;
    let reader = Reader { file, has_client };
    let mut expectations = Vec::new();
    for (key, value) in TomlFile::in_order(&document) {
        if key.get_ref() != LIST {
            return Err(reader.file.unknown(key.span(), "key", key.get_ref(), &[LIST]));
        }
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(reader.file.wrong(key.span(), "expectations begin with [[expect]]"));
        };
        for entry in entries.iter() {
            expectations.push(reader.expectation(entry)?);
        }
    }
    match expectations.is_empty() {
        true => Err(reader.file.wrong(0..0, "nothing is expected: there is no [[expect]]")),
        false => Ok(expectations),
    }
}

struct Reader<'a> {
    file: TomlFile<'a>,
    has_client: bool,
}

impl Reader<'_> {
    fn expectation(&self, entry: &TomlValue) -> Result<Expectation, TomlError> {
        let DeValue::Table(table) = entry.get_ref() else {
            return Err(self.file.wrong(entry.span(), "expectations begin with [[expect]]"));
        };
        let (mut address, mut from, mut asserted) = (None, None, Vec::new());
        let (mut client, mut needs_client) = (ClientKeys::default(), None);
        for (key, value) in TomlFile::in_order(table) {
            let name: &str = key.get_ref();
            match (name, KEYS.iter().find(|known| known.name == name)) {
                ("address", _) => address = Some(self.string(name, value)?),
                ("from", _) => from = Some(self.string(name, value)?),
                (name, None) if CLIENT_KEYS.iter().any(|(known, _)| *known == name) => {
                    needs_client.get_or_insert((name, key.span()));
                    self.client_key(&mut client, name, value)?;
                }
                (_, Some(known)) => {
                    if known.of_session {
                        needs_client.get_or_insert((name, key.span()));
                    }
                    let wanted = self.wanted(name, known.form, value)?;
                    asserted.push(Assertion { key: known, wanted, span: span(key.span()) });
                }
                (_, None) => {
                    let of_mail = ["address", "from"].into_iter().chain(CLIENT_KEYS.iter().map(|(name, _)| *name));
                    let names: Vec<&str> = of_mail.chain(KEYS.iter().map(|known| known.name)).collect();
                    return Err(self.file.unknown(key.span(), "key", name, &names));
                }
            }
        }
        let Some(address) = address else {
            return Err(self.file.wrong(entry.span(), "an expectation needs an address"));
        };
        if asserted.is_empty() {
            let names: Vec<&str> = KEYS.iter().map(|known| known.name).collect();
            let message = format!("nothing is expected of {address}: say one of {}", names.join(", "));
            return Err(self.file.wrong(entry.span(), &message));
        }
        if let Some((name, place)) = needs_client.filter(|_| !self.has_client && client.client.is_none()) {
            return Err(self
                .file
                .wrong(place, &format!("{name} needs a client: say client = \"ADDRESS\", or --client")));
        }
        let by = asserted.iter().find(|one| matches!(one.key.name, "rejected_by" | "rejected_at"));
        let said = asserted.iter().find(|one| one.key.name == "rejected").map(|one| one.wanted != Wanted::Any(false));
        if let (Some(by), Some(false)) = (by, said) {
            return Err(self
                .file
                .wrong(by.span.range(), &format!("{}: mail that is not rejected has none", by.key.name)));
        }
        let rejected = by.is_some() || said == Some(true);
        if let Some(end) = asserted.iter().find(|one| rejected && one.key.of_ends) {
            let message = format!("{}: mail that is rejected ends nowhere", end.key.name);
            return Err(self.file.wrong(end.span.range(), &message));
        }
        Ok(Expectation { span: span(entry.span()), address, from, client, asserted })
    }

    /// A key of the client.
    fn client_key(&self, client: &mut ClientKeys, name: &str, value: &TomlValue) -> Result<(), TomlError> {
        match name {
            "tls" => match value.get_ref() {
                DeValue::Boolean(tls) => client.tls = Some(*tls),
                _ => return Err(self.file.wrong(value.span(), "tls takes true or false")),
            },
            "client" => {
                let found = Client::parse(&self.string(name, value)?).ok_or_else(|| {
                    self.file.wrong(value.span(), "client takes an address, NAME[ADDRESS] or unknown[ADDRESS]")
                })?;
                client.client = Some(found);
            }
            "helo" => client.helo = Some(self.string(name, value)?),
            "sasl" => client.sasl = Some(self.string(name, value)?),
            _ => client.service = Some(self.string(name, value)?),
        }
        Ok(())
    }

    fn wanted(&self, name: &str, form: Form, value: &TomlValue) -> Result<Wanted, TomlError> {
        let texts = match (value.get_ref(), form) {
            (DeValue::Boolean(any), Form::Prefix) => return Ok(Wanted::Any(*any)),
            (DeValue::String(_), _) => vec![self.word(name, form, value)?],
            (DeValue::Array(values), _) if values.is_empty() => {
                return Err(self.file.wrong(value.span(), &format!("{name} lists nothing")));
            }
            (DeValue::Array(values), _) => {
                let words = values.iter().map(|value| self.word(name, form, value));
                words.collect::<Result<_, _>>()?
            }
            (_, Form::Prefix) => {
                return Err(self
                    .file
                    .wrong(value.span(), &format!("{name} takes a string, a list of strings, true or false")));
            }
            _ => return Err(self.file.wrong(value.span(), &format!("{name} takes a string or a list of strings"))),
        };
        Ok(Wanted::Texts(texts))
    }

    fn word(&self, name: &str, form: Form, value: &TomlValue) -> Result<String, TomlError> {
        let mut word = self.string(name, value)?;
        // What was copied from the output of route.
        if let Some(bare) = word.strip_suffix(OR_MX) {
            word.truncate(bare.len());
        }
        match form {
            Form::Words(words) if !words.contains(&word.as_str()) => {
                Err(self.file.unknown(value.span(), name, &word, words))
            }
            _ => Ok(word),
        }
    }

    fn string(&self, name: &str, value: &TomlValue) -> Result<String, TomlError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.file.wrong(value.span(), &format!("{name} takes a string, in quotes"))),
        }
    }
}

fn span(range: Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Expectation>, String> {
        parse(&Source::new("r.toml", text), false).map_err(|error| error.to_string())
    }

    #[test]
    fn entries_are_read() {
        let text = "# all\n\n[[expect]]\naddress = 'a@example.com'\nrecipients = ['b', 'c']\nclass = 'virtual alias'\n\
                    [[expect]]\nloops = false\nbounced = '5.1.1'\nfrom = ''\naddress = 'd'\n";
        let read = parsed(text).expect("correct");
        let texts = |texts: &[&str]| Wanted::Texts(texts.iter().map(|text| (*text).to_string()).collect());
        let shown: Vec<_> = read
            .iter()
            .map(|one| {
                let asserted: Vec<_> = one.asserted.iter().map(|one| (one.key.name, one.wanted.clone())).collect();
                (one.span.start, one.address.as_str(), one.from.as_deref(), asserted)
            })
            .collect();
        let expected = [
            (7, "a@example.com", None, vec![("recipients", texts(&["b", "c"])), ("class", texts(&["virtual alias"]))]),
            (92, "d", Some(""), vec![("loops", Wanted::Any(false)), ("bounced", texts(&["5.1.1"]))]),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn clients_are_read() {
        let text = "[[expect]]\naddress = 'a'\nclient = 'b[192.0.2.1]'\nhelo = 'h'\nsasl = ''\ntls = false\nservice = 'smtp/inet'\n\
                    effects = true\n";
        let keys = ClientKeys {
            client: Client::parse("b[192.0.2.1]"),
            helo: Some("h".into()),
            sasl: Some(String::new()),
            tls: Some(false),
            service: Some("smtp/inet".into()),
        };
        assert_eq!(parsed(text).map(|read| read[0].client.clone()), Ok(keys));
        let source = Source::new("r.toml", "[[expect]]\naddress = 'a'\nhelo = 'h'\nrejected_by = 'reject'\n");
        let helo = parse(&source, true).map(|read| read[0].client.helo.clone()).map_err(|error| error.to_string());
        assert_eq!(helo, Ok(Some("h".into())));
    }

    #[test]
    fn faults_have_their_place_and_a_suggestion() {
        let all = "rewritten, rejected, rejected_by, rejected_at, effects, ends, recipients, class, transport, nexthop, outcome, mailbox, command, file, bounced, \
                   deferred, loops";
        let cases = [
            ("", "1:1: nothing is expected: there is no [[expect]]".to_string()),
            ("expect = []\n", "1:1: nothing is expected: there is no [[expect]]".into()),
            ("\nexpect = 1\n", "2:1: expectations begin with [[expect]]".into()),
            ("[expect]\naddress = 'a'\n", "1:2: expectations begin with [[expect]]".into()),
            ("expect = ['a']", "1:11: expectations begin with [[expect]]".into()),
            ("[[expects]]\n", "1:3: no key is called expects; did you mean expect?".into()),
            ("[[route]]\n", "1:3: no key is called route; there are expect".into()),
            ("[[expect]]\nloops = true\n", "1:1: an expectation needs an address".into()),
            ("[[expect]]\naddress = 'a'\n", format!("1:1: nothing is expected of a: say one of {all}")),
            (
                "[[expect]]\naddress = 'a'\n tranport = 'smtp'\n",
                "3:2: no key is called tranport; did you mean transport?".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nwhither = 'smtp'\n",
                format!(
                    "3:1: no key is called whither; there are address, from, client, helo, sasl, tls, service, {all}"
                ),
            ),
            ("[[expect]]\naddress = ['a']\n", "2:11: address takes a string, in quotes".into()),
            (
                "[[expect]]\naddress = 'a'\nclass = 'relya'\n",
                "3:9: no class is called relya; did you mean relay?".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\noutcome = ['relayed', 'lost']\n",
                "3:23: no outcome is called lost; there are delivered, relayed, discarded, bounced, deferred, loop"
                    .into(),
            ),
            ("[[expect]]\naddress = 'a'\nmailbox = true\n", "3:11: mailbox takes a string or a list of strings".into()),
            (
                "[[expect]]\naddress = 'a'\nbounced = 5\n",
                "3:11: bounced takes a string, a list of strings, true or false".into(),
            ),
            ("[[expect]]\naddress = 'a'\nbounced = [5]\n", "3:12: bounced takes a string, in quotes".into()),
            ("[[expect]]\naddress = 'a'\nrecipients = []\n", "3:14: recipients lists nothing".into()),
            (
                "[[expect]]\naddress = 'a'\nclass = 'local'\nrejected = '550'\n",
                "3:1: class: mail that is rejected ends nowhere".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = '192.0.2.1'\nclass = 'local'\nrejected_by = 'reject'\n",
                "4:1: class: mail that is rejected ends nowhere".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = '192.0.2.1'\nrejected = false\nrejected_at = 'DATA'\n",
                "5:1: rejected_at: mail that is not rejected has none".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nhelo = 'h'\nclass = 'local'\n",
                "3:1: helo needs a client: say client = \"ADDRESS\", or --client".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nrejected = true\nrejected_by = 'reject'\n",
                "4:1: rejected_by needs a client: say client = \"ADDRESS\", or --client".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = 'b'\nclass = 'local'\n",
                "3:10: client takes an address, NAME[ADDRESS] or unknown[ADDRESS]".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = '192.0.2.1'\ntls = 'no'\nclass = 'local'\n",
                "4:7: tls takes true or false".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = '192.0.2.1'\nrejected_by = true\n",
                "4:15: rejected_by takes a string or a list of strings".into(),
            ),
            (
                "[[expect]]\naddress = 'a'\nclient = '192.0.2.1'\nrejected_at = 'EOD'\n",
                "4:15: no rejected_at is called EOD; there are CONNECT, HELO, MAIL, RCPT, DATA, END-OF-MESSAGE".into(),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parsed(text).map(|read| read.len()), Err(format!("r.toml:{expected}")), "{text}");
        }
        assert_eq!(
            parsed("[[expect]]\naddress = 'a'\nclass = 'local'\nrejected = false\n").map(|read| read.len()),
            Ok(1)
        );
        let wrong = parse(&Source::new("r.toml", b"# \xff\n".to_vec()), false).map_err(|error| error.to_string());
        assert_eq!(wrong.map(|read| read.len()), Err("r.toml:1:3: not UTF-8".into()));
        // What is not TOML is told in the words of its parser.
        assert!(parsed("[[expect]\n").is_err_and(|error| error.starts_with("r.toml:1:")));
    }
}

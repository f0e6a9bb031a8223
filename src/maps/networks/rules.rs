//! The lines of a table of networks, read into statements.
//!
//! A line that Postfix skips is skipped, and said to be; an `endif` closes the last `if` that was not skipped.

use super::network::{Address, Network};
use crate::syntax::FaultKind;
use crate::syntax::network_line::{NetworkLine, parse_network_line};

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `network result`
    Rule {
        /// Whether it holds for the addresses outside the network. Those of the other family are never meant.
        negated: bool,
        /// The network.
        network: Network,
        /// What it gives.
        result: Vec<u8>,
    },
    /// `if network`
    If {
        /// Whether it holds for the addresses outside the network. Those of the other family are never meant.
        negated: bool,
        /// The network.
        network: Network,
        /// The index of its `endif`. Without one, an address for which it does not hold finds nothing from here on.
        end: Option<usize>,
    },
    /// `endif`
    Endif,
}

/// Whether a pattern holds for an address.
#[must_use]
pub fn holds(negated: bool, network: &Network, address: Address) -> bool {
    network.address.family == address.family && network.contains(address) != negated
}

/// Statements in the making: lines come in, with their numbers.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    statements: Vec<Statement>,
    /// The `if`s that wait for their `endif`: index and line.
    open: Vec<(usize, usize)>,
}

impl Rules {
    /// Adds a logical line.
    ///
    /// # Errors
    /// Why it is skipped, as Postfix words it. Values are taken from `usable`, or skipped for the words that it gives.
    pub fn add_line(
        &mut self,
        line: usize,
        text: &[u8],
        usable: impl FnOnce(&[u8]) -> Result<Vec<u8>, Vec<u8>>,
    ) -> Result<(), Vec<u8>> {
        let network = |pattern: &[u8]| Network::parse(pattern).map_err(|fault| fault.message());
        let statement = match parse_network_line(text) {
            Ok(NetworkLine::If { negated, pattern }) => {
                let network = network(&text[pattern])?;
                self.open.push((self.statements.len(), line));
                Statement::If { negated, network, end: None }
            }
            Ok(NetworkLine::Endif) => {
                let (at, _) = self.open.pop().ok_or(b"ENDIF without IF")?;
                let here = self.statements.len();
                if let Some(Statement::If { end, .. }) = self.statements.get_mut(at) {
                    *end = Some(here);
                }
                Statement::Endif
            }
            Ok(NetworkLine::Rule { negated, pattern, result }) => {
                let network = network(&text[pattern])?;
                if result.is_empty() {
                    return Err(b"no lookup result".to_vec());
                }
                Statement::Rule { negated, network, result: usable(&text[result])? }
            }
            Err(FaultKind::TextIgnored) => return Err(b"garbage after ENDIF".to_vec()),
            Err(_) => return Err(b"no address pattern".to_vec()),
        };
        self.statements.push(statement);
        Ok(())
    }

    /// The lines of the `if`s that have no `endif`, the last one first.
    pub fn unclosed(&self) -> impl Iterator<Item = usize> + '_ {
        self.open.iter().rev().map(|&(_, line)| line)
    }

    /// The statements.
    #[must_use]
    pub fn into_statements(self) -> Vec<Statement> {
        self.statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_lines_take_no_part_in_nesting() {
        let lines =
            ["if 1.0.0.0/8", "if 2", "endif", "endif x", "endif", "if ::/0", "if !::/0", "1.2.3.4", "1.1.1.1 bad"];
        let mut rules = Rules::default();
        let mut said = Vec::new();
        for (number, line) in (1..).zip(lines) {
            let usable = |value: &[u8]| Err([value, b" value"].concat());
            if let Err(words) = rules.add_line(number, line.as_bytes(), usable) {
                said.push(format!("{number} {}", String::from_utf8(words).unwrap()));
            }
        }
        let expected = [
            "2 bad address pattern: \"2\"",
            "4 garbage after ENDIF",
            "5 ENDIF without IF",
            "8 no lookup result",
            "9 bad value",
        ];
        assert_eq!(said, expected);
        assert_eq!(rules.unclosed().collect::<Vec<_>>(), [7, 6]);
        let statements = rules.into_statements();
        assert!(matches!(statements[0], Statement::If { end: Some(1), .. }), "{statements:?}");
        assert_eq!(statements.len(), 4);
    }
}

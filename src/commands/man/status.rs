//! What the exit statuses of our own commands mean, one list a command.

/// Of every command: wrong usage, and no answer.
const ALWAYS: &[(&str, &str)] =
    &[("2", "Wrong usage, or what the command is to look at cannot be read."), ("130", "Ended by Ctrl-C.")];

/// The statuses of the command of that name: number and meaning, in order.
pub fn statuses(command: &str) -> Vec<(&'static str, &'static str)> {
    let own: &[(&str, &str)] = match command {
        "build" => &[
            ("0", "All tables are current now; with --check: they were."),
            ("1", "A table could not be built; with --check: something is stale or missing."),
        ],
        "check" => {
            &[("0", "No finding is at or above the severity that --fail-on names."), ("1", "There are such findings.")]
        }
        "diff" => &[("0", "Both mean the same."), ("1", "They differ.")],
        "expand" | "explain" => &[("0", "Done."), ("1", "A name is not known, or a value cannot be expanded.")],
        "migrate-bdb" | "migrate-lmdb" | "migrate-sendmail" => &[
            ("0", "All is carried over, or would be."),
            ("1", "Something needs a decision, or could not be done; it is listed."),
        ],
        "route" => &[
            ("0", "Every address is deliverable or relayed; with --expect: all outcomes are as expected."),
            ("1", "An address would be rejected, bounce or loop; with --expect: an outcome differs."),
        ],
        _ => &[("0", "Done.")],
    };
    own.iter().chain(ALWAYS).copied().collect()
}

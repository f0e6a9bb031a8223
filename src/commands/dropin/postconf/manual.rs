//! The manual page of postconf.

use crate::commands::dropin::manual::{CONFIG_DIR, Manual, OptionManual, VERBOSE};

/// It.
pub const MANUAL: Manual = Manual {
    name: "postconf",
    about: "show and edit the configuration",
    synopsis: &[
        "[options] [name...]",
        "-e [options] name=value...",
        "-M|-F|-P [options] [service[/type[/field]]...]",
        "-X|-# [options] name...",
    ],
    description: &[
        "Prints parameters of main.cf, with their defaults, or services of master.cf, or edits either file, leaving alone what is not asked about.",
        "Options, words and statuses are those of the postconf of Postfix 3.11. The texts of the built-in bounce templates are our own.",
    ],
    options: OPTIONS,
    status: &[("0", "Done."), ("1", "A fatal error, told in a line that begins with the name of the program.")],
};

const OPTIONS: &[OptionManual] = &[
    OptionManual::flag('a', "List the types of SASL for servers."),
    OptionManual::flag('A', "List the types of SASL for clients."),
    OptionManual::flag(
        'b',
        "Print templates of bounces with their $names expanded: those of the file that is the operand, else of bounce_template_file, else the ones built in.",
    ),
    CONFIG_DIR,
    OptionManual::with(
        'C',
        "class",
        "Only parameters of this class: builtin, service (those of transports), user (those that main.cf defines for itself), all.",
    ),
    OptionManual::flag('d', "Print defaults instead of what is set."),
    OptionManual::flag(
        'e',
        "Edit main.cf: name=value; with -M service/type=entry, with -F service/type/field=value, with -P service/type/parameter=value: edit master.cf.",
    ),
    OptionManual::flag('f', "Fold long lines."),
    OptionManual::flag('F', "Print master.cf field by field; operands select: service/type/field."),
    OptionManual::flag('h', "Print values without names."),
    OptionManual::flag('H', "Print names without values."),
    OptionManual::flag('j', "Print one JSON object for each parameter."),
    OptionManual::flag('l', "List the types of locks for mailboxes."),
    OptionManual::flag('m', "List the types of lookup tables that this program knows."),
    OptionManual::flag('M', "Print the services of master.cf; operands select: service/type."),
    OptionManual::flag('n', "Print only what main.cf sets."),
    OptionManual::with('o', "name=value", "Use this value instead of main.cf's; may be repeated."),
    OptionManual::flag('p', "Print parameters of main.cf; so it does without options."),
    OptionManual::flag(
        'P',
        "Print the -o parameters of master.cf; operands select: service/type/parameter. Given twice: all parameters of all services.",
    ),
    OptionManual::flag('q', "Do not warn of parameters that main.cf sets and nothing uses."),
    OptionManual::flag('t', "Print templates of bounces as they are."),
    OptionManual::with('T', "what", "Print a fact about TLS: compile-version, run-version, public-key-algorithms."),
    VERBOSE,
    OptionManual::flag('x', "Print values with their $names expanded."),
    OptionManual::flag('X', "Remove parameters from main.cf; with -M or -P from master.cf."),
    OptionManual::flag('#', "Comment out parameters in main.cf; with -M, services in master.cf."),
];

//! Turns the data files of the parameter catalogue into constant tables, checking them on the way.
//!
//! `src/config/catalogue/data/*.tsv` → `$OUT_DIR/catalogue_*.rs`, which the modules beside the data include. Every
//! fault in the data is reported with its file and line, all of them at once.

#[path = "src/config/catalogue/kind.rs"]
#[allow(dead_code)]
mod kind;
#[path = "src/config/catalogue/data/row.rs"]
mod row;
#[path = "src/config/catalogue/version.rs"]
#[allow(dead_code)]
mod version;

use kind::Kind;
use row::{Entry, Row, slice, version_code};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};
use version::Version;

const DATA: &str = "src/config/catalogue/data";

fn main() {
    let mut build = Build::default();
    build.parameters();
    build.families();
    build.systems();
    build.profiles();
    build.restrictions();
    build.deprecated();
    build.map_types();
    build.services();
    build.readers();
    for problem in build.problems {
        // Cargo shows these as errors and fails the build.
        println!("cargo::error={problem}");
    }
}

/// Everything read so far that other files refer to, and everything found wrong.
#[derive(Default)]
struct Build {
    problems: Vec<String>,
    parameters: BTreeSet<String>,
    restrictions: BTreeSet<String>,
    /// The code of each profile, by its name.
    systems: BTreeMap<String, (usize, String)>,
    earlier: BTreeMap<String, Vec<(Version, String)>>,
}

/// A constant table: its name, the type of its entries, and their keys and code.
type Table<'a> = (&'a str, &'a str, Vec<(String, String)>);

impl Build {
    /// Reads a data file and makes an entry of each row; faults are kept for the end.
    fn read(&mut self, file: &str, mut entry: impl FnMut(&mut Self, &Row) -> Entry) -> Vec<(String, String)> {
        let path = format!("{DATA}/{file}");
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| {
            self.problems.push(format!("{path}: {error}"));
            String::new()
        });
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#'));
        let columns: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').collect()).unwrap_or_default();
        let mut entries = Vec::new();
        for (number, line) in lines {
            // Empty cells at the end of a line may be left out.
            let mut cells: Vec<&str> = line.split('\t').collect();
            let row = Row {
                place: format!("{path}:{number}"),
                columns: &columns,
                cells: {
                    cells.resize(cells.len().max(columns.len()), "");
                    cells
                },
            };
            let made = if row.cells.len() > columns.len() {
                Err(row.fault(format!("{} cells in {} columns", row.cells.len(), columns.len())))
            } else {
                entry(self, &row)
            };
            match made {
                Ok(made) => entries.push(made),
                Err(problem) => self.problems.push(problem),
            }
        }
        entries
    }

    /// The same, sorted by key; a key that occurs twice is a fault.
    fn read_sorted(&mut self, file: &str, entry: impl FnMut(&mut Self, &Row) -> Entry) -> Vec<(String, String)> {
        let mut entries = self.read(file, entry);
        entries.sort();
        for pair in entries.windows(2) {
            if pair[0].0 == pair[1].0 {
                self.problems.push(format!("{DATA}/{file}: {} occurs twice", pair[0].0.replace('\0', " ")));
            }
        }
        entries
    }

    /// Writes constant tables, each with its name and the type of its entries.
    fn write(&mut self, file: &str, tables: &[Table]) {
        let mut code = String::new();
        for (name, kind, entries) in tables {
            let _ = writeln!(code, "static {name}: [{kind}; {}] = [", entries.len());
            for (_, entry) in entries {
                let _ = writeln!(code, "    {kind} {{ {entry} }},");
            }
            code.push_str("];\n");
        }
        let directory = env::var_os("OUT_DIR").unwrap_or_default();
        if let Err(error) = fs::write(Path::new(&directory).join(file), code) {
            self.problems.push(format!("{file}: {error}"));
        }
    }

    fn parameters(&mut self) {
        self.read("earlier_defaults.tsv", |build, row| {
            let name = row.some_text("name")?.to_owned();
            let through = row.version(row.text("through")?)?;
            let value = row.default("default")?;
            let code = format!("EarlierDefault {{ through: {}, value: {value} }}", version_code(through));
            let known = build.earlier.entry(name.clone()).or_default();
            if known.last().is_some_and(|(before, _)| *before >= through) {
                return Err(row.fault("the series of a parameter must rise"));
            }
            known.push((through, code));
            Ok((name, String::new()))
        });
        let entries = self.read_sorted("parameters.tsv", |build, row| {
            let name = row.some_text("name")?;
            let kind_name = row.text("kind")?;
            let Some(kind) = Kind::from_name(kind_name) else {
                return Err(row.fault(format!("{kind_name:?} is not a kind of value (kind.rs)")));
            };
            let suits = match row.text("type")? {
                "bool" | "nbool" => kind == Kind::Boolean,
                "int" | "nint" | "long" => kind == Kind::Number,
                "time" => kind == Kind::Duration,
                _ => !matches!(kind, Kind::Boolean | Kind::Number | Kind::Duration),
            };
            if !suits || (matches!(kind, Kind::Enum | Kind::EnumList) && row.text("allowed")?.is_empty()) {
                return Err(row.fault(format!("type, kind {kind} and allowed words do not fit together")));
            }
            let last = row.version_or("last", Version::LAST)?;
            let listed = match row.text("listed")? {
                "never" => None,
                _ => Some(row.version_or("listed", last)?),
            };
            let origin = match row.text("origin")? {
                "" => "Postfix".to_owned(),
                word => word.to_owned(),
            };
            let earlier = build.earlier.remove(name).unwrap_or_default();
            build.parameters.insert(name.to_owned());
            let code = format!(
                "name: {name:?}, value_type: {}, kind: Kind::{kind:?}, allowed: {}, introduced: {}, last: {}, \
                 listed: {}, default: {}, earlier: {}, origin: {}, note: {}",
                row.value_type()?,
                row.list("allowed")?,
                row.first()?,
                version_code(last),
                listed.map_or("None".to_owned(), |version| format!("Some({})", version_code(version))),
                row.default("default")?,
                slice(earlier.into_iter().map(|(_, code)| code)),
                row.variant("Origin", &origin, "Postfix build host process release")?,
                row.literal("note")?,
            );
            Ok((name.to_owned(), code))
        });
        for name in std::mem::take(&mut self.earlier).into_keys() {
            self.problems.push(format!("{DATA}/earlier_defaults.tsv: {name} is not in parameters.tsv"));
        }
        self.write("catalogue_parameters.rs", &[("PARAMETERS", "Parameter", entries)]);
    }

    fn families(&mut self) {
        let entries = self.read_sorted("families.tsv", |_, row| {
            let suffix = row.some_text("suffix")?;
            if !suffix.starts_with('_') {
                return Err(row.fault("a suffix begins with an underscore"));
            }
            let code = format!(
                "suffix: {suffix:?}, value_type: {}, introduced: {}, commands: {}, default: {}, note: {}",
                row.value_type()?,
                row.first()?,
                row.list("commands")?,
                row.literal("default")?,
                row.literal("note")?,
            );
            Ok((suffix.to_owned(), code))
        });
        self.write("catalogue_families.rs", &[("FAMILIES", "ServiceParameter", entries)]);
    }

    fn systems(&mut self) {
        // In the order of the enum.
        const SYSTEMS: &str = "upstream debian redhat alpine gentoo suse freebsd netbsd arch nixos";
        let entries = self.read("systems.tsv", |build, row| {
            let name = row.some_text("profile")?;
            let (system, release) = name.split_once('-').unwrap_or((name, ""));
            let place = SYSTEMS.split(' ').position(|known| known == system).unwrap_or_default();
            let profile = format!("Profile::of({}, {release:?})", row.variant("System", system, SYSTEMS)?);
            let lmdb = row.option("lmdb", |text| match text {
                "0.9" => Ok("LmdbFormat::V0_9".to_owned()),
                "1.0" => Ok("LmdbFormat::V1_0".to_owned()),
                other => Err(row.fault(format!("{other:?} is neither LMDB 0.9 nor 1.0"))),
            });
            let code = format!(
                "profile: {profile}, name: {name:?}, title: {:?}, without_berkeley_db: {}, target: {}, lmdb: {}, \
                 holds_for: {}, source: {}, compared: {}",
                row.some_text("title")?,
                row.flag("without_db")?,
                row.option("target", |text| row.version(text).map(version_code))?,
                lmdb?,
                row.literal("holds_for")?,
                row.literal("source")?,
                row.flag("compared")?,
            );
            match build.systems.insert(name.to_owned(), (place, profile)) {
                Some(_) => Err(row.fault(format!("{name} occurs twice"))),
                None => Ok((String::new(), code)),
            }
        });
        self.write("catalogue_systems.rs", &[("PROFILES", "ProfileFacts", entries)]);
    }

    fn profiles(&mut self) {
        let entries = self.read_sorted("profiles.tsv", |build, row| {
            let parameter = row.some_text("parameter")?;
            build.must_know(row, parameter)?;
            // The order of profiles, where none comes before all.
            let (place, profile) = match row.text("profile")? {
                "unset" => (String::new(), "None".to_owned()),
                name => match build.systems.get(name) {
                    Some((place, code)) => {
                        let release = name.split_once('-').map_or("", |(_, release)| release);
                        (format!("{place:02}{release}"), format!("Some({code})"))
                    }
                    None => return Err(row.fault(format!("{name:?} is not in systems.tsv"))),
                },
            };
            let first = row.version_or("first", Version::OLDEST)?;
            let last = row.version_or("last", Version::LAST)?;
            let code = format!(
                "parameter: {parameter:?}, profile: {profile}, first: {}, last: {}, value: {}, source: {}",
                version_code(first),
                version_code(last),
                row.literal("value")?,
                row.literal("source")?,
            );
            Ok((format!("{parameter}\0{place}\0{:03}.{:03}", first.major, first.minor), code))
        });
        self.write("catalogue_profiles.rs", &[("PROFILE_DEFAULTS", "ProfileDefault", entries)]);
    }

    fn restrictions(&mut self) {
        const STAGES: &str = "client helo sender relay recipient etrn data end_of_data";
        let entries = self.read_sorted("restrictions.tsv", |build, row| {
            let name = row.some_text("name")?;
            build.restrictions.insert(name.to_owned());
            let code = format!(
                "name: {name:?}, argument: {}, class: {}, introduced: {}, information: {}, stages: {}, \
                 strict_stages: {}, documented_under: {}, note: {}",
                row.variant("Argument", row.text("argument")?, "none table domain service seconds")?,
                row.variant("Class", row.text("class")?, "check permit reject defer policy warn wait")?,
                row.first()?,
                row.variant("Information", row.text("information")?, "client helo sender recipient etrn generic")?,
                row.variants("stages", "Stage", STAGES)?,
                row.variants("strict_stages", "Stage", STAGES)?,
                row.option_literal("documented_under")?,
                row.literal("note")?,
            );
            Ok((name.to_owned(), code))
        });
        let lists = self.read("restriction_lists.tsv", |build, row| {
            let parameter = row.some_text("parameter")?;
            build.must_know(row, parameter)?;
            let code = format!(
                "stage: {}, parameter: {parameter:?}, introduced: {}, bare_table: {}, one_of: {}",
                row.variant("Stage", row.text("stage")?, STAGES)?,
                row.first()?,
                row.option_literal("bare_table")?,
                row.list("one_of")?,
            );
            Ok((parameter.to_owned(), code))
        });
        let tables = [("RESTRICTIONS", "Restriction", entries), ("RESTRICTION_LISTS", "RestrictionList", lists)];
        self.write("catalogue_restrictions.rs", &tables);
    }

    fn deprecated(&mut self) {
        let entries = self.read_sorted("deprecated.tsv", |build, row| {
            let name = row.some_text("name")?;
            let kind = row.text("kind")?;
            if matches!(kind, "parameter" | "restriction") {
                for replacement in row.text("replacement")?.split_whitespace() {
                    build.must_know(row, replacement)?;
                }
            }
            let since = match row.text("since")? {
                "old" => Version::UNRECORDED,
                text => row.version(text)?,
            };
            let values: Result<Vec<_>, _> = row
                .text("values")?
                .split_whitespace()
                .map(|pair| match pair.split_once("->") {
                    Some(pair) => Ok(format!("{pair:?}")),
                    None => Err(row.fault(format!("{pair:?} is not old->new"))),
                })
                .collect();
            let version = |text: &str| row.version(text).map(version_code);
            let code = format!(
                "name: {name:?}, kind: {}, context: {}, change: {}, since: {}, removed: {}, warning_since: {}, \
                 warned_by: {}, replacement: {}, values: {}, note: {}",
                row.variant("NameKind", kind, "parameter restriction map-type value")?,
                row.literal("context")?,
                row.variant("Change", row.text("change")?, "renamed deprecated removed")?,
                version_code(since),
                row.option("removed", version)?,
                row.option("warning", version)?,
                row.option_literal("by")?,
                row.list("replacement")?,
                slice(values?),
                row.literal("note")?,
            );
            // The order of the enum NameKind.
            let place = ["parameter", "restriction", "map-type", "value"].iter().position(|known| *known == kind);
            Ok((format!("{name}\0{}", place.unwrap_or_default()), code))
        });
        self.write("catalogue_deprecated.rs", &[("DEPRECATED", "Deprecation", entries)]);
    }

    fn map_types(&mut self) {
        let entries = self.read_sorted("map_types.tsv", |_, row| {
            let name = row.some_text("type")?;
            let code = format!(
                "name: {name:?}, introduced: {}, kind: {}, file: {}, suffixes: {}, content: {}, updatable: {}, usable_in_proxy: {}, \
                 regexp_like: {}, build: {}, note: {}",
                row.first()?,
                row.variant("MapKind", row.text("kind")?, "indexed-file text database-client combinator pseudo")?,
                row.variant("MapFile", row.text("file")?, "indexed source client none")?,
                row.list("suffixes")?,
                match row.text("content")? {
                    "" => "MapContent::Other".to_owned(),
                    content => row.variant("MapContent", content, "entries regexp pcre networks table tables")?,
                },
                row.flag("updatable")?,
                row.flag("proxy")?,
                row.flag("regexp")?,
                row.option_literal("build")?,
                row.literal("note")?,
            );
            Ok((name.to_owned(), code))
        });
        self.write("catalogue_map_types.rs", &[("MAP_TYPES", "MapType", entries)]);
    }

    fn services(&mut self) {
        const TYPES: &str = "inet unix unix-dgram fifo pass";
        let daemons = self.read_sorted("daemon_commands.tsv", |_, row| {
            let name = row.some_text("command")?;
            let maxproc = match row.text("maxproc")? {
                "any" => "None".to_owned(),
                text => match text.parse::<u32>() {
                    Ok(number) => format!("Some({number})"),
                    Err(_) => return Err(row.fault("maxproc is neither a number nor any")),
                },
            };
            let code = format!(
                "command: {name:?}, skeleton: {}, types: {}, usual_types: {}, usual_services: {}, maxproc: {maxproc}, \
                 privileged: {}, usual_private: {}, introduced: {}, transport: {}, note: {}",
                row.variant("Skeleton", row.text("skeleton")?, "single multi trigger event dgram")?,
                row.variants("types", "ServiceType", TYPES)?,
                row.variants("usual_types", "ServiceType", TYPES)?,
                row.list("usual_services")?,
                row.flag("privileged")?,
                row.flag("private")?,
                row.first()?,
                row.flag("transport")?,
                row.literal("note")?,
            );
            Ok((name.to_owned(), code))
        });
        let fields = self.read("master_fields.tsv", |_, row| {
            let code = format!(
                "name: {:?}, default: {}, allowed: {}, note: {}",
                row.some_text("field")?,
                row.default("default")?,
                row.list("allowed")?,
                row.literal("note")?,
            );
            Ok((String::new(), code))
        });
        let stock = self.read("stock_services.tsv", |_, row| {
            let mut code = format!("enabled: {}, name: {:?}", row.flag("enabled")?, row.some_text("service")?);
            let _ = write!(code, ", service_type: {}", row.variant("ServiceType", row.text("type")?, TYPES)?);
            for column in ["private", "unpriv", "chroot", "wakeup", "maxproc", "command"] {
                let _ = write!(code, ", {column}: {:?}", row.some_text(column)?);
            }
            Ok((String::new(), code))
        });
        let tables = [
            ("DAEMON_COMMANDS", "DaemonCommand", daemons),
            ("MASTER_FIELDS", "MasterField", fields),
            ("STOCK_SERVICES", "StockService", stock),
        ];
        self.write("catalogue_services.rs", &tables);
    }

    fn readers(&mut self) {
        let entries = self.read_sorted("readers.tsv", |build, row| {
            let name = row.some_text("parameter")?;
            build.must_know(row, name)?;
            row.some_text("daemons")?;
            Ok((name.to_owned(), format!("parameter: {name:?}, daemons: {}", row.list("daemons")?)))
        });
        self.write("catalogue_readers.rs", &[("READERS", "Readers", entries)]);
    }

    /// A name that another file refers to must be a parameter or a restriction.
    fn must_know(&self, row: &Row, name: &str) -> Result<(), String> {
        if self.parameters.contains(name) || self.restrictions.contains(name) {
            Ok(())
        } else {
            Err(row.fault(format!("{name} is neither in parameters.tsv nor in restrictions.tsv")))
        }
    }
}

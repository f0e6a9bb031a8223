//! The tables of a configuration, opened once and asked on behalf of decisions.
//!
//! How they are opened is told in [`opening`]. Of an answer from an index the line is found in the source, if that is
//! there and says the same.

pub mod accounts;
mod assumptions;
pub mod daemon;
pub mod decision;
pub mod dns;
pub mod element_list;
pub mod find;
pub mod key_forms;
pub mod keys;
pub mod listing;
pub mod lists;
pub mod local_domain;
pub mod opening;
pub mod parameters;
pub mod passwd;
pub mod recording;
pub mod records;
mod service_numbers;
pub mod trail;
pub mod transports;
pub mod unknown;
pub mod values;

use crate::config::Site;
use crate::config::catalogue::MapType;
use crate::maps::compile::Duplicates;
use crate::maps::compile::Folding;
use crate::maps::source_table::SourceTable;
use crate::maps::{Answer, Caller, LookupError, LookupTable, OpenOptions, TableReference, open};
use crate::syntax::table_line::TableForm;
use element_list::ElementList;
use foldhash::fast::RandomState;
use opening::{Door, OddIndex, Opening};
use records::Resolver;
use service_numbers::ServiceNumbers;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use trail::{Found, Place, Recording, StepKind, Trail};
use unknown::Questions;
use values::Values;

/// All that decisions need to ask: the configuration and its tables.
pub struct Router<'a> {
    /// The configuration, and where its files are.
    pub site: &'a Site,
    tables: Tables,
    services: ServiceNumbers,
    /// Who asks at the moment.
    pub(in crate::routing) asking: Asking,
    values: Values,
    /// The files of match lists that were read, by name.
    list_files: HashMap<Vec<u8>, Rc<ElementList>>,
    opening: Arc<Opening>,
    /// Why the program of a transport would not run, of those that were asked for.
    pub(in crate::routing) agent_faults: HashMap<Vec<u8>, Option<String>>,
    /// Why the SMTP server would not run, once that was asked.
    pub(in crate::routing) server_fault: OnceCell<Option<String>>,
    caller: Arc<dyn Caller>,
    pub(in crate::routing) resolver: Option<Arc<dyn Resolver>>,
    questions: Questions,
    pub(in crate::routing) recording: Recording,
    /// What is told of the decision that is under way; nothing if nobody listens.
    trail: Option<Trail>,
}

/// Who asks at the moment.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::routing) struct Asking {
    /// The number of the service whose `-o` hold.
    service: Option<usize>,
    kind: AskingKind,
}

/// How a daemon opens its tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AskingKind {
    #[default]
    Other,
    Rewrite,
    Agent,
}

/// The tables that were opened, each in every way that was wanted.
type Tables = HashMap<TableReference, Vec<(Way, Result<Opened, LookupError>)>, RandomState>;

/// How a table is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::routing) struct Way {
    /// The form of its source.
    pub form: TableForm,
    /// Whether results of patterns may hold parts of the key.
    pub substitution: bool,
    /// Whether its own keys are folded when it is read.
    pub folds: bool,
}

impl Way {
    /// As most daemons open it.
    pub(in crate::routing) fn usual(form: TableForm) -> Self {
        Self { form, substitution: true, folds: true }
    }
}

struct Opened {
    table: Box<dyn LookupTable>,
    /// The source of an indexed table that is read from its index; opened when a line is first wanted.
    source: Source,
    /// The file that lines are lines of.
    file: Option<PathBuf>,
}

/// The source beside an index.
enum Source {
    /// Not a file of its own, or the table itself.
    None,
    /// Not opened yet.
    Closed,
    Open(Box<SourceTable>),
}

impl<'a> Router<'a> {
    /// A router for one site; `caller` hears what tables warn about.
    #[must_use]
    pub fn new(site: &'a Site, caller: Arc<dyn Caller>) -> Self {
        Self {
            site,
            tables: Tables::default(),
            services: ServiceNumbers::new(&site.configuration.files.services),
            asking: Asking::default(),
            values: Values::default(),
            list_files: HashMap::new(),
            opening: Arc::new(Opening::new(site)),
            agent_faults: HashMap::new(),
            server_fault: OnceCell::new(),
            caller,
            resolver: None,
            questions: Questions::default(),
            recording: Recording::Nothing,
            trail: None,
        }
    }

    /// A router that may also ask the DNS.
    #[must_use]
    pub fn with_dns(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver: Some(resolver), ..self }
    }

    /// A router that asks the servers of tables, too.
    #[must_use]
    pub fn with_servers(mut self) -> Self {
        self.opening = Arc::new(Opening::new(self.site).with_servers());
        self
    }

    /// The indexes met so far that are not what their sources say.
    #[must_use]
    pub fn odd_indexes(&self) -> Vec<OddIndex> {
        self.opening.odd_indexes()
    }

    /// A router that tells so much of its way to decisions.
    #[must_use]
    pub fn with_recording(self, recording: Recording) -> Self {
        Self { recording, ..self }
    }

    /// Keeps from here on what [`with_recording`](Self::with_recording) would keep.
    pub fn set_recording(&mut self, recording: Recording) {
        self.recording = recording;
    }

    /// Asks a table for a key.
    ///
    /// # Errors
    /// When there is no answer; the trail has it too.
    pub fn lookup(&mut self, table: &TableReference, form: TableForm, key: &[u8]) -> Answer {
        self.lookup_in(table, Way::usual(form), key)
    }

    /// The same of a table that is opened in another way.
    ///
    /// # Errors
    /// The same.
    pub(in crate::routing) fn lookup_in(&mut self, table: &TableReference, way: Way, key: &[u8]) -> Answer {
        match self.lookup_known(table, way, key) {
            Err(LookupError::Unknown(why)) => self.questions.answer(table.to_string(), key, why),
            answer => answer,
        }
    }

    /// The same, but that nothing is assumed about what nobody here can tell.
    ///
    /// # Errors
    /// The same, and that nobody can tell.
    pub(in crate::routing) fn lookup_known(&mut self, table: &TableReference, way: Way, key: &[u8]) -> Answer {
        let (answer, place) = self.ask(table, way, key);
        self.step(|| {
            let found = match &answer {
                Ok(Some(value)) => Found::Hit(value.clone(), place),
                Ok(None) => Found::Miss,
                Err(error) => Found::Failed(error.clone()),
            };
            StepKind::Lookup { table: table.to_string(), key: key.to_vec(), found }
        });
        answer
    }

    /// Visits all entries of a table, in its own order.
    ///
    /// # Errors
    /// A table that cannot be read, or is of a type that cannot list its entries.
    pub fn walk(
        &mut self,
        reference: &TableReference,
        form: TableForm,
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), LookupError> {
        self.opened(reference, Way::usual(form))?.table.walk(visit)
    }

    fn opened(&mut self, reference: &TableReference, way: Way) -> Result<&mut Opened, LookupError> {
        // Only pattern tables care.
        let way = Way { substitution: way.substitution || !reference.may_substitute(), ..way };
        let is_open = |ways: &Vec<(Way, _)>| ways.iter().any(|(opened, _)| *opened == way);
        if !self.tables.get(reference).is_some_and(is_open) {
            let opened = self.open(reference, way);
            self.tables.entry(reference.clone()).or_default().push((way, opened));
        }
        let mut ways = self.tables.get_mut(reference).into_iter().flatten();
        match ways.find(|(opened, _)| *opened == way) {
            Some((_, Ok(opened))) => Ok(opened),
            Some((_, Err(error))) => Err(error.clone()),
            None => Err(LookupError::Config(format!("{reference}: not opened"))),
        }
    }

    fn ask(&mut self, reference: &TableReference, way: Way, key: &[u8]) -> (Answer, Option<Place>) {
        // Agents, which act for users, open what is behind it themselves.
        let direct = match self.asking.kind {
            AskingKind::Agent if reference.map_type == "proxy" => TableReference::behind_proxy(&reference.name),
            _ => None,
        };
        let reference = direct.as_ref().unwrap_or(reference);
        let places = self.trail.is_some() && self.recording == Recording::Lines;
        let opened = match self.opened(reference, way) {
            Ok(opened) => opened,
            Err(error) => return (Err(error), None),
        };
        let folded = if way.folds { Cow::Borrowed(key) } else { Folding::Unicode.apply(key) };
        let answer = opened.table.lookup(&folded);
        let place = match &answer {
            Ok(Some(value)) if places => opened.place(key, value, way.form),
            _ => None,
        };
        (answer, place)
    }

    fn open(&self, reference: &TableReference, way: Way) -> Result<Opened, LookupError> {
        let opener = Arc::new(Door { opening: Arc::clone(&self.opening), form: way.form });
        let options = OpenOptions {
            caller: Arc::clone(&self.caller),
            substitution: way.substitution,
            folding: if way.folds { Folding::Unicode } else { Folding::None },
            snapshot: true,
            duplicates: Duplicates::Refuse,
            opener: Some(opener),
            ..OpenOptions::default()
        };
        let file = reference.name.starts_with(b"/").then(|| self.site.paths.resolve(&reference.name));
        let is_indexed = reference.known_type().and_then(MapType::index_suffix).is_some();
        let source = if is_indexed { Source::Closed } else { Source::None };
        Ok(Opened { table: open(reference, &options)?, source, file })
    }
}

impl Opened {
    fn place(&mut self, key: &[u8], value: &[u8], form: TableForm) -> Option<Place> {
        let file = self.file.as_ref()?;
        if let Some(line) = self.table.line_of(key) {
            return Some(Place { file: file.display().to_string(), line });
        }
        if matches!(self.source, Source::Closed) {
            self.source = match SourceTable::open(file, form) {
                Ok(source) => Source::Open(Box::new(source)),
                Err(_) => Source::None,
            };
        }
        let line = match &mut self.source {
            Source::Open(source) => {
                let is_same = source.lookup(key).is_ok_and(|found| found.as_deref() == Some(value));
                if is_same { source.line_of(key) } else { None }
            }
            Source::None | Source::Closed => None,
        }?;
        Some(Place { file: file.display().to_string(), line })
    }
}

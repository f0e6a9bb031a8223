//! One table: whether its index is current, and writing it if not.

use super::{BuildError, Compiled, Outcome, Status, Wanted};
use crate::base::{FileError, Place, threads};
use crate::config::Site;
use crate::config::tables::NamedTable;
use crate::maps::compile::index::{add_alias_records, write_index_aside};
use crate::maps::compile::state::{IndexContent, IndexState};
use crate::maps::compile::{
    Entries, IndexType, Inherit, OtherNames, Outcome as Written, Recipe, Swap, Version, WriteError, inherited_access,
    load, read_entries, until_steady,
};
use foldhash::quality::RandomState;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A table that may be compiled.
#[derive(Debug)]
pub struct Job<'s> {
    /// The table.
    pub table: NamedTable,
    site: &'s Site,
    /// What it is built as, or the name of a type that cannot be written.
    index_type: Result<IndexType, &'static str>,
    wanted: Wanted,
}

impl<'s> Job<'s> {
    pub(super) fn new(
        site: &'s Site,
        table: NamedTable,
        index_type: Result<IndexType, &'static str>,
        wanted: Wanted,
    ) -> Self {
        Self { table, site, index_type, wanted }
    }

    /// Does it; `seed` is for comparing contents.
    #[must_use]
    pub fn run(&self, seed: &RandomState) -> Outcome {
        let (paths, name) = (&self.site.paths, &self.table.reference.name);
        let source_path = paths.shown(name);
        let outcome = |path, status| Outcome { path, status, compiled: None };
        let index_type = match self.index_type {
            Ok(index_type) => index_type,
            Err(_) if !paths.in_scope(&source_path) => return outcome(source_path, Status::Outside),
            Err(name) => return outcome(source_path, Status::Failed(BuildError::Type(name))),
        };
        let path = paths.shown(&[name, index_type.suffix().as_bytes()].concat());
        let place = match paths.index_place(name, index_type.suffix()) {
            Ok(None) => return outcome(path, Status::Outside),
            Ok(Some(place)) => Ok(place),
            Err(error) => Err(error),
        };
        let platform = &self.site.configuration.platform;
        let lmdb_format = platform.wanted_lmdb_format();
        let recipe = Recipe { lmdb_format, ..Recipe::standard(self.table.stored_form(platform)) };
        let index = Index { job: self, index_type, recipe, seed, source_path, path, place };
        match until_steady(|| index.attempt()) {
            Some((status, compiled)) => Outcome { path: index.path, status, compiled },
            None => outcome(index.path, Status::Failed(BuildError::KeepsChanging(index.source_path))),
        }
    }
}

/// An index that may be written.
struct Index<'j> {
    job: &'j Job<'j>,
    index_type: IndexType,
    recipe: Recipe,
    seed: &'j RandomState,
    source_path: PathBuf,
    path: PathBuf,
    /// Where it stands, or why it cannot stand there.
    place: io::Result<Place>,
}

impl Index<'_> {
    /// Brings the index up to date; nothing if the source changed meanwhile.
    fn attempt(&self) -> Option<(Status, Option<Compiled>)> {
        let Wanted { check_only, force, .. } = self.job.wanted;
        threads::share_out();
        // Reading the index keeps one core busy meanwhile; only who writes it anyway does not ask what is there.
        let content = || (check_only || !force).then(|| self.content());
        let (source, content) = rayon::join(|| self.read_source(), content);
        let (mut entries, source) = match source {
            Ok(read) => read,
            Err(error) => {
                let error = FileError { path: self.source_path.clone(), error };
                return Some((Status::Failed(BuildError::Source(error)), None));
            }
        };
        let state = content.map(|content| content.compare(&entries, &self.recipe, self.seed));
        let told = match state {
            Some(IndexState::Current) => Some(Status::Current),
            Some(IndexState::Missing) if check_only => Some(Status::Missing),
            Some(state) if check_only => Some(Status::Stale { format: state.other_format() }),
            _ => None,
        };
        if let Some(status) = told {
            return self.is_still(&source).unwrap_or(true).then_some((status, None));
        }
        if self.recipe.form.is_aliases() {
            // As postalias does, which stores the name that the mail system goes by.
            let host = self.job.site.configuration.expanded(b"myhostname", None).unwrap_or_default();
            add_alias_records(&mut entries, &host);
        }
        match self.write(&entries, &source) {
            Ok(written) => {
                let mut complaints = entries.complaints().to_vec();
                complaints.extend(written.duplicates.iter().cloned());
                complaints.sort_by_key(|complaint| complaint.span.start);
                let (source_path, about_names) = (self.source_path.clone(), written.about_names());
                let status = Status::Built { entries: written.entries };
                Some((status, Some(Compiled { source_path, entries, complaints, about_names, lost: written.lost })))
            }
            Err(WriteError::SourceChanged) => None,
            Err(error) => {
                let place = self.place_of(&error, &entries);
                Some((Status::Failed(BuildError::Write { place, error, has_old: self.path.exists() }), None))
            }
        }
    }

    fn read_source(&self) -> io::Result<(Entries, Metadata)> {
        let file = self.job.site.paths.open(&self.job.table.reference.name)?;
        let metadata = file.metadata()?;
        Ok((read_entries(load(&file, &metadata)?, &self.recipe), metadata))
    }

    /// Whether the source is the one that was read.
    fn is_still(&self, read: &Metadata) -> io::Result<bool> {
        let now = || self.job.site.paths.open(&self.job.table.reference.name)?.metadata();
        Version::is_still(Version::of(read), now)
    }

    fn content(&self) -> IndexContent {
        let file: io::Result<File> = match &self.place {
            Ok(place) => place.open_file(),
            Err(error) => Err(error.kind().into()),
        };
        IndexContent::of(file, self.index_type, &self.recipe, self.seed)
    }

    fn write(&self, entries: &Entries, source: &Metadata) -> Result<Written, WriteError> {
        let copy = |error: &io::Error| error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error);
        let place = self.place.as_ref().map_err(|error| WriteError::Create(copy(error)))?;
        let aside = place.replace().map_err(WriteError::Create)?;
        let inherit = Inherit { owner: true, mode: true };
        let access = inherited_access(self.index_type, source, aside.old_metadata().ok().as_ref(), inherit);
        // Other names may lie outside of what may be written.
        let other_names = match self.job.site.paths.is_unbounded() {
            true => OtherNames::Follow { owner: source.uid() },
            false => OtherNames::Leave,
        };
        let swap = Swap { is_still: &|| self.is_still(source), other_names };
        write_index_aside(entries, &self.recipe, self.index_type, aside, access, &swap)
    }

    /// The file that an error is about: the source, with the line, for what stands there.
    fn place_of(&self, error: &WriteError, entries: &Entries) -> String {
        match error.line() {
            Some(line) => format!("{}:{}", self.source_path.display(), entries.line_number(line)),
            None => self.path.display().to_string(),
        }
    }
}

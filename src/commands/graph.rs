//! `postwright graph`: the routing of a site as a picture.

use super::site_options::SiteOptions;
use super::table_options::TableOptions;
use super::terminal::output::Output;
use crate::diagnostic::render::clean;
use crate::graph::{collect, dot, mermaid, svg};
use crate::maps::NoCaller;
use crate::routing::{Recording, Router};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Draw the routing of a site
///
/// Domains, their address classes, the tables that are asked, transports and nexthops: where mail for an address of
/// each domain goes that no table has. Lists and tables are read; no daemon and no DNS is asked.
#[derive(Args, Clone, Debug)]
pub struct Graph {
    /// Configuration directory [default: as --config-dir says]
    #[arg(value_name = "DIR", conflicts_with = "config_dir")]
    directory: Option<PathBuf>,
    /// Format of the picture
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "svg")]
    format: Format,
    #[command(flatten)]
    tables: TableOptions,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture for browsers, with all that it needs in it
    Svg,
    /// A flow chart, as GitHub, GitLab and wikis show it
    Mermaid,
    /// A graph for Graphviz
    Dot,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Graph, output: &Output) -> Result<ExitCode, String> {
    let site = options.tables.apply(options.site.open(options.directory.as_deref())?);
    let router = options.tables.router(Router::new(&site, Arc::new(NoCaller)));
    let mut router = router.with_recording(Recording::Steps);
    let model = collect(&mut router);
    options.tables.tell(site.tables_from, &router.odd_indexes(), output);
    if !output.quiet {
        model.faults.iter().for_each(|fault| output.warning(&format!("postwright: {}", clean(fault))));
    }
    output.text(&match options.format {
        Format::Svg => svg::document(&model),
        Format::Mermaid => mermaid::document(&model),
        Format::Dot => dot::document(&model),
    });
    Ok(ExitCode::SUCCESS)
}

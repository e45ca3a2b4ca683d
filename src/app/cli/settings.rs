//! Every setting as a flag.

use clap::{Arg, ArgMatches, Command};

use crate::app::config::sections;

/// Adds a flag for each setting that may be one, by section.
pub(super) fn add_to(mut command: Command) -> Command {
    for section in sections() {
        for setting in section.settings {
            let Some(flag) = setting.flag() else { continue };
            let help = format!("{} Expected {}.", setting.about, setting.expected.trim_end_matches('.'));
            let arg = Arg::new(setting.name)
                .long(flag)
                .value_name("VALUE")
                .help(setting.about)
                .long_help(help)
                .help_heading(section.title);
            command = command.arg(arg);
        }
    }
    command
}

/// The settings given as flags, by name.
pub(super) fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let settings = sections().into_iter().flat_map(|section| section.settings);
    settings
        .filter(|setting| setting.flag().is_some())
        .filter_map(|setting| Some((setting.name.to_owned(), matches.get_one::<String>(setting.name)?.clone())))
        .collect()
}

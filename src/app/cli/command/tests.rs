//! The command line itself.

use super::*;

#[test]
fn the_commands_do_not_contradict_themselves() {
    settings::add_to(Cli::command()).debug_assert();
}

#[test]
fn settings_are_flags_before_the_command() {
    let arguments = ["hubbub", "--max-text", "9", "--data-dir", "/x", "config", "check"];
    let matches = settings::add_to(Cli::command()).try_get_matches_from(arguments).unwrap();
    let mut given = settings::given(&matches);
    given.sort();
    assert_eq!(given, [("data_dir".to_owned(), "/x".to_owned()), ("max_text".to_owned(), "9".to_owned())]);
}

#[test]
fn secrets_are_no_flags() {
    for flag in ["--jwt-secret", "--service-token"] {
        let matches = settings::add_to(Cli::command()).try_get_matches_from(["hubbub", flag, "x"]);
        assert_eq!(matches.unwrap_err().kind(), clap::error::ErrorKind::UnknownArgument, "{flag}");
    }
}

#[test]
fn help_tells_of_every_command_and_setting_with_examples() {
    let help = settings::add_to(Cli::command()).render_long_help().to_string();
    for word in ["token", "config", "--max-text", "--redis-url", "Built-in accounts", "Examples:", "--version"] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
}

#[test]
fn capacity_reckons_with_the_default_of_max_connections() {
    let default = crate::transport::AdmissionConfig::default().max_connections;
    assert_eq!(crate::tools::capacity::Machines::default().node_sessions, default as f64);
}

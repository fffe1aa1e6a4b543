//! What holds for every command.

use clap::{CommandFactory, Parser};

use super::*;

fn each_command(command: &clap::Command, check: &mut impl FnMut(&clap::Command)) {
    check(command);
    command.get_subcommands().for_each(|sub| each_command(sub, check));
}

fn parses(line: &str) -> Result<Cli, ErrorKind> {
    Cli::try_parse_from(line.split(' ')).map_err(|error| error.kind())
}

#[test]
fn every_help_has_an_example_and_the_exit_statuses() {
    let mut seen = Vec::new();

    each_command(&Cli::command(), &mut |command| {
        let help = command.clone().render_long_help().to_string();
        for part in ["Example", "\nExit status:\n  0  ", "\n  1  ", "\n  2  "] {
            assert!(help.contains(part), "{} lacks {part:?}:\n{help}", command.get_name());
        }
        assert!(help.contains("devauth "), "{}", command.get_name());
        seen.push(command.get_name().to_owned());
    });

    let projections = ["projections", "list", "rebuild", "verify", "retry"];
    let events = ["events", "export", "tail", "verify", "replay"];
    let keys = ["keys", "generate", "list", "rotate", "signing", "encryption"];
    let first = ["devauth", "dev", "serve", "migrate"];
    assert_eq!(seen, [&first[..], &events, &projections, &keys, &["openapi", "health"]].concat());
    Cli::command().debug_assert();
}

#[test]
fn the_commands_of_the_contract_are_understood() {
    for line in [
        "devauth dev",
        "devauth serve",
        "devauth migrate",
        "devauth migrate --down-to 0 --json",
        "devauth events export --app app_01ja3vks5re0b8n1q2s4t6v8wx",
        "devauth events export --app portal --opened --after 5 --until 9 --output /tmp/x.jsonl --json",
        "devauth events tail",
        "devauth events tail --app portal --after 0 --json",
        "devauth events verify --json",
        "devauth events verify --app portal --since x.jsonl",
        "devauth events verify x.jsonl --since x.jsonl",
        "devauth events replay x.jsonl --user usr_00000000000000000000000007 --at 2026-05-01T12:00:00Z --json",
        "devauth events replay - --user dev_00000000000000000000000007",
        "devauth projections list --json",
        "devauth projections rebuild users portal_users --json",
        "devauth projections verify",
        "devauth projections verify sessions --limit 5 --show-values --json",
        "devauth projections retry portal_users --json",
        "devauth keys generate",
        "devauth keys generate --dir /tmp/keys --bits 3072 --json",
        "devauth keys list --json",
        "devauth keys list --dev",
        "devauth keys rotate signing",
        "devauth keys rotate signing --publish --bits 3072 --wait 30s",
        "devauth keys rotate signing --sign --force --json",
        "devauth keys rotate signing --retire",
        "devauth keys rotate signing --all --dev",
        "devauth keys rotate encryption --json",
        "devauth keys rotate encryption --retire --wait 0s",
        "devauth keys rotate encryption --status",
        "devauth openapi",
    ] {
        assert!(parses(line).is_ok(), "{line}");
    }
}

/// The contract gives `--json` to every command, also to those that answer in JSON anyway: scripts need not know which do.
#[test]
fn every_command_has_an_answer_for_scripts() {
    let needed = [
        ("events export", "--app portal"),
        ("events replay", "x.jsonl --user usr_00000000000000000000000007"),
        ("projections rebuild", "users"),
        ("projections retry", "users"),
    ];
    let mut seen = 0;
    each_path(&Cli::command(), "devauth", &mut |path| {
        let needed = needed.iter().find(|(command, _)| path == format!("devauth {command}"));
        let line = needed.map_or(path.to_owned(), |(_, arguments)| format!("{path} {arguments}"));
        assert!(parses(&line).is_ok(), "{line}");
        assert!(parses(&format!("{line} --json")).is_ok(), "{line} --json");
        seen += 1;
    });
    assert_eq!(seen, 17);
}

/// The command lines that do something, without what they need.
fn each_path(command: &clap::Command, path: &str, check: &mut impl FnMut(&str)) {
    if !command.has_subcommands() {
        check(path);
    }
    for sub in command.get_subcommands() {
        each_path(sub, &format!("{path} {}", sub.get_name()), check);
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    for line in [
        "devauth",
        "devauth sreve",
        "devauth serve now",
        "devauth migrate --down-to -1",
        "devauth migrate --down-to latest",
        "devauth events",
        "devauth events export",
        "devauth events export --app usr_00000000000000000000000007",
        "devauth events export --app portal --after -1",
        "devauth events tail --after last",
        "devauth events verify x.jsonl --app portal",
        "devauth events replay x.jsonl",
        "devauth events replay --user usr_00000000000000000000000007",
        "devauth events replay x.jsonl --user ada",
        "devauth events replay x.jsonl --user usr_00000000000000000000000007 --at yesterday",
        "devauth projections",
        "devauth projections rebuild",
        "devauth projections retry",
        "devauth projections verify --limit many",
        "devauth keys",
        "devauth keys generate --bits 1024",
        "devauth keys rotate",
        "devauth keys rotate signing --publish --sign",
        "devauth keys rotate signing --force",
        "devauth keys rotate signing --publish --force",
        "devauth keys rotate signing --wait soon",
        "devauth keys rotate encryption --retire --status",
    ] {
        let kind = parses(line).err();
        assert!(kind.is_some_and(|kind| kind != ErrorKind::DisplayHelp), "{line}: {kind:?}");
    }
}

#[test]
fn configuration_errors_end_with_status_2_and_everything_else_with_1() {
    let errors = crate::config::Config::from_env(&|_| None).expect_err("nothing is set");

    assert!(matches!(Failure::from(errors), Failure::Usage(text) if text.contains("DATABASE_URL")));
    assert_eq!(format!("{:?}", Failure::usage("x").exit_code()), format!("{:?}", ExitCode::from(2)));
    assert_eq!(format!("{:?}", Failure::failed("x").exit_code()), format!("{:?}", ExitCode::from(1)));
}

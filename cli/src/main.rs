//! The command `rejoin`: the toolkit's own types, and the broken ones.

use std::process::ExitCode;

fn main() -> ExitCode {
    rejoin_cli::main_with(
        rejoin_cli::builtin(),
        std::env::args_os(),
        rejoin_cli::Streams::process(),
    )
}

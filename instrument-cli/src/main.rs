//! The program `pipecat-trace`. [`pipecat_instrument_cli`] contains the code.

use std::process::ExitCode;

fn main() -> ExitCode {
    pipecat_instrument_cli::run(std::env::args_os()).into()
}

//! `ventix`: what waits in an engine, what is dead there, and what to do about it.
//!
//! ```text
//! ventix --url sqlite:queue.db status
//! ventix --url redis://localhost dead events billing
//! ventix --url redis://localhost requeue events billing --code failed
//! ```

mod arguments;
mod commands;
mod engine;
mod output;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

#[actix_rt::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match commands::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ventix: {}", output::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

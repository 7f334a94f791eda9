//! Pyventus with RQ, in an environment of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The events, and their handler, as RQ imports them.
const HANDLERS: &str = include_str!("pyventus.py");

/// A Python that has Pyventus and RQ.
pub(crate) struct Pyventus {
    bin: PathBuf,
}

impl Pyventus {
    /// Installs both, unless they are there; `None` if that cannot be done.
    pub(crate) fn install() -> Option<Self> {
        let this = env::current_exe().ok()?;
        let folder = this.parent()?.join("pyventus");
        let pyventus = Self {
            bin: folder.join("bin"),
        };
        let is_there = || pyventus.run("python", &["-c", "import rq, pyventus"]);
        if !is_there() {
            eprintln!("installing Pyventus and RQ ...");
            let made = Command::new("python3")
                .args(["-m", "venv"])
                .arg(&folder)
                .status();
            let is_made = made.is_ok_and(|status| status.success());
            if !is_made || !pyventus.run("pip", &["install", "-q", "pyventus[rq]"]) || !is_there() {
                eprintln!("Pyventus with RQ: not measured, it cannot be installed");
                return None;
            }
        }
        fs::write(folder.join("bench_handlers.py"), HANDLERS).ok()?;
        Some(pyventus)
    }

    /// How many emissions a second are enqueued, and then worked by one worker in burst mode.
    pub(crate) fn rates(&self, port: u16, count: usize) -> Option<(f64, f64)> {
        let folder = self.bin.parent().unwrap_or(Path::new("."));
        let rate = |what: &str| {
            let output = Command::new(self.bin.join("python"))
                .args([
                    "bench_handlers.py",
                    what,
                    &port.to_string(),
                    &count.to_string(),
                ])
                .current_dir(folder)
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        Some((rate("enqueue")?, rate("work")?))
    }

    fn run(&self, program: &str, args: &[&str]) -> bool {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

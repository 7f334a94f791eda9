//! What Redis itself takes, from a client that does nothing else.

use std::process::Command;

use crate::server::Server;

/// How many entries a second are appended, 16 in one go, by 50 connections.
pub(crate) fn xadd(server: &Server) -> Option<f64> {
    let output = Command::new("redis-benchmark")
        .args([
            "-p",
            &server.port.to_string(),
            "-P",
            "16",
            "-n",
            "200000",
            "--csv",
        ])
        .args(["xadd", "key", "*", "f", &"x".repeat(100)])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // "xadd key ...","123456.78","0.1", ...: the rate is the second cell of the last line.
    text.lines().last()?.split("\",\"").nth(1)?.parse().ok()
}

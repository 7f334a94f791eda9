use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use ventix::remote::redis::{Redis, RedisBuilder};

/// A server on a free port, that keeps its data in a folder of its own; it dies with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    dir: TempDir,
    arguments: Vec<String>,
}

/// What makes a server lose everything when it ends.
pub(crate) const FORGETFUL: [&str; 4] = ["--save", "", "--appendonly", "no"];
const DURABLE: [&str; 6] = [
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
];

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    /// Starts one that keeps everything; `None` if Redis is not installed, and it need not be.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&DURABLE)
    }

    pub(crate) fn with(arguments: &[&str]) -> Option<Self> {
        if Command::new("redis-server")
            .arg("--version")
            .output()
            .is_err()
        {
            let text = "redis-server is not installed: `apt-get install redis-server`";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("skipped: {text}");
            return None;
        }
        let dir = TempDir::new().unwrap();
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        // Another program may take the port before the server does.
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(port, &dir, &arguments);
            if answers(&mut child, port) {
                return Some(Self {
                    child,
                    port,
                    dir,
                    arguments,
                });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("redis-server does not start");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn builder(&self) -> RedisBuilder {
        Redis::builder(self.url())
    }

    pub(crate) fn backend(&self) -> Redis {
        self.builder().build().unwrap()
    }

    pub(crate) async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Runs a command, given as words.
    pub(crate) async fn run(&self, words: &str) -> redis::Value {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        command
            .query_async(&mut self.connection().await)
            .await
            .unwrap()
    }

    /// Kills it, as the kernel would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it anew on the same port, with what it has kept.
    pub(crate) fn revive(&mut self) {
        self.child = spawn(self.port, &self.dir, &self.arguments);
        assert!(
            answers(&mut self.child, self.port),
            "it does not start anew"
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, dir: &TempDir, arguments: &[String]) -> Child {
    Command::new("redis-server")
        .arg("--port")
        .arg(port.to_string())
        .args(["--bind", "127.0.0.1", "--dir"])
        .arg(dir.path())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until it takes connections.
fn answers(child: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if port == 0 {
            return true;
        }
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            use std::io::Read;
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            let mut answer = [0; 1];
            // With a password it answers with an error; while it loads, too.
            if stream.write_all(b"PING\r\n").is_ok()
                && stream.read_exact(&mut answer).is_ok()
                && is_up(port, answer[0])
            {
                return true;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn is_up(port: u16, first: u8) -> bool {
    use std::io::Read;
    if first == b'+' {
        return true;
    }
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).is_ok() && answer != *b"-LOADING"
}

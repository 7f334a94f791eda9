use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the network does just now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Weather {
    Fair,
    /// Answers come so much later.
    Slow(Duration),
    /// Nothing comes through, and nothing is closed: for connections that are there already,
    /// for ever.
    Silent,
    /// Requests come through; the connection is cut before the answer.
    Deaf,
    /// All connections are cut, and new ones too.
    Down,
}

/// A network between a client and a server on this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    weather: Arc<watch::Sender<Weather>>,
    /// How many answers were cut off.
    cut: Arc<watch::Sender<usize>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let weather = Arc::new(watch::Sender::new(Weather::Fair));
        let cut = Arc::new(watch::Sender::new(0));
        let (shared, cuts) = (weather.clone(), cut.clone());
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if *shared.borrow() == Weather::Down {
                    continue;
                }
                // Where there is no server, there is no connection.
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else {
                    continue;
                };
                let (client_read, client_write) = client.into_split();
                let (server_read, server_write) = server.into_split();
                let there = pass(client_read, server_write, shared.subscribe(), true);
                let back = pass(server_read, client_write, shared.subscribe(), false);
                let cuts = cuts.clone();
                tokio::spawn(async move {
                    let is_cut = tokio::select! {
                        is_cut = there => is_cut,
                        is_cut = back => is_cut,
                    };
                    cuts.send_modify(|count| *count += usize::from(is_cut));
                });
            }
        });
        Self {
            port,
            weather,
            cut,
            task,
        }
    }

    /// Waits until an answer was cut off.
    pub(crate) async fn has_cut(&self) {
        let mut cut = self.cut.subscribe();
        cut.wait_for(|count| *count > 0).await.unwrap();
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes bytes on until one side closes, or the weather says so. Returns whether that was
/// before an answer.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    request: bool,
) -> bool {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let count = tokio::select! {
            count = from.read(&mut bytes) => count.unwrap_or(0),
            _ = weather.wait_for(|w| *w == Weather::Down) => return false,
        };
        if count == 0 {
            return false;
        }
        let now = *weather.borrow_and_update();
        match now {
            Weather::Fair => {}
            Weather::Slow(delay) if !request => tokio::time::sleep(delay).await,
            Weather::Slow(_) => {}
            Weather::Silent => std::future::pending().await,
            Weather::Deaf if !request => return true,
            Weather::Deaf => {}
            Weather::Down => return false,
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return false;
        }
    }
}

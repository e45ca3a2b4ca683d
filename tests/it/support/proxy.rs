//! A TCP proxy that tests cut: the far end is there, and then it is not, in several ways.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::ports::Port;

/// What the proxy does with everything that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Hands it on.
    Open,
    /// Keeps connections and hands nothing on, as when packets get lost.
    Stalled,
    /// Hands it on late.
    Slow(Duration),
    /// Ends all connections, and takes no new ones.
    Cut,
    /// Ends the way towards the far end of every connection; answers still come.
    HalfClosed,
}

/// A proxy for one far end. It ends with the runtime of its test.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    line: watch::Sender<Line>,
}

// === impl Proxy ===

impl Proxy {
    /// Listens on a port of its own, for a far end at `host:port`.
    pub async fn to(far: &str) -> Proxy {
        let far: SocketAddr = far.parse().expect("a far end is an address");
        let port = Port::reserve();
        let listener = TcpListener::bind(port.address()).await.expect("a reserved port is free");
        let (line, lines) = watch::channel(Line::Open);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, far, lines.clone()));
            }
        });
        Proxy { port, line }
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> String {
        self.port.address()
    }

    /// From now on, for connections that are there and for new ones.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn connect(near: TcpStream, far: SocketAddr, mut lines: watch::Receiver<Line>) {
    if *lines.borrow_and_update() == Line::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(far).await else { return };
    let (_, _) = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let (there, back) = (pump(near_in, far_out, lines.clone(), true), pump(far_in, near_out, lines.clone(), false));
    tokio::select! {
        ((), ()) = async { tokio::join!(there, back) } => {}
        // Both ends see the connection end.
        _ = lines.wait_for(|line| *line == Line::Cut) => {}
    }
}

/// Hands bytes on, as the line allows, until one end is done.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut lines: watch::Receiver<Line>, towards_far: bool) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = lines.wait_for(|line| *line == Line::HalfClosed), if towards_far => break,
        };
        let Ok(count @ 1..) = read else { break };
        if lines.wait_for(|line| *line != Line::Stalled).await.is_err() {
            break;
        }
        let line = *lines.borrow();
        if let Line::Slow(delay) = line {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

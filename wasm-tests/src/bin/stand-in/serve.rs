//! The listener: it exists so that a test can start the stand-in on a free port and be sure it ends.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clap::Parser;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::handle::{self, Shared};
use crate::socket::{Abort, Socket};

/// A provider that is not there: OpenAI's and Anthropic's formats, faults on demand.
#[derive(Debug, Parser)]
#[command(name = "stand-in")]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one and prints it.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The only API key accepted; without it any key that begins with `sk-` is.
    #[arg(long)]
    pub key: Option<String>,
    /// For benchmarks: no recording, no checks of the body, answers made once per model.
    #[arg(long)]
    pub fast: bool,
    /// End when standard input is closed, so that the process cannot outlive its parent.
    #[arg(long)]
    until_stdin_closes: bool,
}

/// Serves until a signal, or the end of standard input if that was asked for.
pub async fn run(options: Options) -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port))).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let parent_gone = end_of_stdin(options.until_stdin_closes);
    announce(listener.local_addr()?)?;
    let shared = Arc::new(Shared::new(options));
    tokio::select! {
        ended = accept(listener, shared) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminate.recv() => Ok(()),
        _ = parent_gone => Ok(()),
    }
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {address}")?;
    stdout.flush()
}

/// Completes when standard input ends; never, unless `watched`.
async fn end_of_stdin(watched: bool) {
    if !watched {
        return std::future::pending().await;
    }
    let (ended, end) = oneshot::channel();
    // A thread of its own: the runtime would wait for a blocked read before it could shut down.
    std::thread::spawn(move || {
        let mut scrap = [0; 256];
        while matches!(io::stdin().read(&mut scrap), Ok(read) if read > 0) {}
        ended.send(())
    });
    let _ = end.await;
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, shared.clone()));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let abort = Abort::default();
    let socket = TokioIo::new(Socket::new(stream, abort.clone()));
    let service = service_fn(|request| handle::answer(request, shared.clone(), abort.clone()));
    // A broken connection is the client's business, or our own fault injection.
    let _ = Builder::new(TokioExecutor::new())
        .serve_connection(socket, service)
        .await;
}

//! A stream that ends when its client neither sends nor reads what it should: what waits for it would wait
//! forever.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connections::Missed;
use super::progress::Progress;

/// A stream whose reads and writes have deadlines.
pub(super) struct Watched<S> {
    stream: S,
    progress: Arc<Progress>,
    /// Made with the first read that waits.
    reading: Option<Pin<Box<Sleep>>>,
    /// Set while a write waits.
    writing: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    /// Watches a stream.
    pub(super) fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self {
            stream,
            progress,
            reading: None,
            writing: None,
        }
    }

    fn watch_write<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let until = self.writing.get_or_insert_with(|| {
            let until = Instant::now() + self.progress.bounds().stall_timeout;
            Box::pin(tokio::time::sleep_until(until))
        });
        if until.as_mut().poll(context).is_ready() {
            self.progress.missed(Missed::Stall);
            return Poll::Ready(Err(late("the client has stopped reading")));
        }
        Poll::Pending
    }

    /// Waits for the client no longer than until its deadline.
    fn watch_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((deadline, missed)) = self.progress.deadline(context.waker()) else {
            return Poll::Pending;
        };
        let until = self
            .reading
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if until.deadline() != deadline {
            until.as_mut().reset(deadline);
        }
        if until.as_mut().poll(context).is_ready() {
            self.progress.missed(missed);
            return Poll::Ready(Err(late("the client sends nothing")));
        }
        Poll::Pending
    }
}

fn late(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, text)
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.watch_read(context),
            ready @ Poll::Ready(_) => {
                if buffer.filled().len() > before {
                    self.progress.heard();
                }
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch_write(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch_write(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch_write(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch_write(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::super::bounds::Bounds;
    use super::super::connections::Connections;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn watched(bytes: usize) -> (Watched<DuplexStream>, DuplexStream, Arc<Progress>) {
        let (stream, client) = tokio::io::duplex(bytes);
        let progress = Progress::new(Connections::new(Bounds::default()));
        let watched = Watched::new(stream, Arc::clone(&progress));
        (watched, client, progress)
    }

    /// Reads until the deadline, with a byte sent after each pause; how long it took.
    async fn check_read(
        (mut watched, mut client, _): (Watched<DuplexStream>, DuplexStream, Arc<Progress>),
        pauses: &[Duration],
        expected: Duration,
    ) {
        let begun = Instant::now();
        let reading = tokio::spawn(async move {
            let error = watched.read_to_end(&mut Vec::new()).await.unwrap_err();
            (error.kind(), begun.elapsed())
        });
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            client.write_all(b"G").await.unwrap();
        }
        assert_eq!(reading.await.unwrap(), (io::ErrorKind::TimedOut, expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_reading_is_dropped_and_a_slow_one_is_not() {
        let (mut watched, mut client, progress) = watched(4);
        let stall = progress.bounds().stall_timeout;
        let begun = Instant::now();
        let writing = tokio::spawn(async move {
            let error = watched.write_all(&[7; 16]).await.unwrap_err();
            (error.kind(), begun.elapsed())
        });
        let nearly = stall.saturating_sub(SECOND);
        for _ in 0..2 {
            tokio::time::sleep(nearly).await;
            client.read_exact(&mut [0; 4]).await.unwrap();
        }
        let expected = nearly * 2 + stall;
        assert_eq!(writing.await.unwrap(), (io::ErrorKind::TimedOut, expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_has_until_its_first_byte() {
        check_read(watched(64), &[], SECOND * 5).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_however_it_drips() {
        check_read(watched(64), &[SECOND * 4; 2], SECOND * 9).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answered_connection_may_be_idle_for_longer() {
        let idle = watched(64);
        idle.2.began();
        idle.2.ended();
        check_read(idle, &[], SECOND * 75).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_asked_of_a_client_while_it_is_answered() {
        let (mut watched, client, progress) = watched(64);
        progress.began();
        let reading = tokio::spawn(async move { watched.read_to_end(&mut Vec::new()).await });
        tokio::time::sleep(SECOND * 10_000).await;
        drop(client);
        assert_eq!(reading.await.unwrap().unwrap(), 0);
    }
}

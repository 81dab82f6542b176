//! The body of an answer: pulled, unpacked, counted and timed.

use std::time::Duration;

use bytes::Bytes;
use cresset_model::ports::{Body, BoxFuture, FetchError};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::time::{Instant, timeout};

use super::deadline::Deadline;
use super::failure::{of_expired, permanent, span, transient};
use super::gzip::{Unpacker, Unreadable};

/// Unpacked bytes from which on the ratio counts: small answers pack well.
pub(super) const RATIO_FREE_BYTES: u64 = 1 << 20;

/// What bounds a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimits {
    /// The longest silence.
    pub(super) idle: Duration,
    /// Unpacked bytes in all.
    pub(super) answer_bytes_max: u64,
    /// Unpacked bytes for each byte on the wire.
    pub(super) ratio_max: u64,
    /// Unpacked bytes of one step.
    pub(super) undecoded_bytes_max: u64,
}

/// The one layer of packing that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Identity,
    /// Packed with gzip.
    Gzip,
}

impl Encoding {
    /// The encoding of an answer, or the refused value by name.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut layers = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes());
            layers.extend(
                value
                    .split(',')
                    .map(|layer| layer.trim().to_ascii_lowercase()),
            );
        }
        layers.retain(|layer| !layer.is_empty());
        match layers.as_slice() {
            [] => Ok(Self::Identity),
            [one] if one == "identity" => Ok(Self::Identity),
            [one] if one == "gzip" || one == "x-gzip" => Ok(Self::Gzip),
            _ => Err(layers.join(", ")),
        }
    }
}

/// The body of one answer.
pub(super) struct AnswerBody {
    response: reqwest::Response,
    url: String,
    limits: BodyLimits,
    deadline: Deadline,
    unpacker: Option<Unpacker>,
    /// Received and not yet unpacked.
    pending: Bytes,
    wire_bytes: u64,
    unpacked_bytes: u64,
    /// How the body ended: whole, or with an error that stays.
    end: Option<Result<(), FetchError>>,
}

impl AnswerBody {
    pub(super) fn new(
        response: reqwest::Response,
        url: String,
        limits: BodyLimits,
        deadline: Deadline,
        encoding: Encoding,
    ) -> Self {
        Self {
            response,
            url,
            limits,
            deadline,
            unpacker: (encoding == Encoding::Gzip)
                .then(|| Unpacker::new(limits.undecoded_bytes_max)),
            pending: Bytes::new(),
            wire_bytes: 0,
            unpacked_bytes: 0,
            end: None,
        }
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, FetchError> {
        loop {
            while !self.pending.is_empty() {
                let piece = self.unpack()?;
                if !piece.is_empty() {
                    return Ok(Some(piece));
                }
            }
            let Some(chunk) = self.receive().await? else {
                return self.finish();
            };
            self.pending = chunk;
        }
    }

    fn unpack(&mut self) -> Result<Bytes, FetchError> {
        let before = self.pending.len();
        let piece = match &mut self.unpacker {
            None => Ok(std::mem::take(&mut self.pending)),
            Some(unpacker) => unpacker.step(&mut self.pending),
        };
        self.wire_bytes += (before - self.pending.len()) as u64;
        let piece = piece.map_err(|Unreadable| self.unreadable())?;
        self.check(piece)
    }

    fn finish(&mut self) -> Result<Option<Bytes>, FetchError> {
        // An empty body is whole, whatever its label says.
        let Some(mut unpacker) = self.unpacker.take().filter(|_| self.wire_bytes > 0) else {
            self.end = Some(Ok(()));
            return Ok(None);
        };
        let piece = unpacker.finish().map_err(|Unreadable| self.unreadable())?;
        self.end = Some(Ok(()));
        let piece = self.check(piece)?;
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Counts a piece against the limits before anybody sees it.
    fn check(&mut self, piece: Bytes) -> Result<Bytes, FetchError> {
        self.unpacked_bytes += piece.len() as u64;
        let (unpacked, wire, url) = (self.unpacked_bytes, self.wire_bytes, &self.url);
        if unpacked > self.limits.answer_bytes_max {
            let max = self.limits.answer_bytes_max;
            return Err(permanent(format!(
                "answer from {url} is longer than {max} bytes; ask for smaller pages or raise \
                 `max_answer`"
            )));
        }
        let ratio_max = self.limits.ratio_max;
        if is_bomb(unpacked, wire, ratio_max) {
            return Err(permanent(format!(
                "answer from {url} unpacks to more than {ratio_max} times its size: {wire} bytes \
                 became {unpacked}; raise `max_ratio` if the upstream is to be trusted"
            )));
        }
        Ok(piece)
    }

    /// The next bytes off the wire.
    async fn receive(&mut self) -> Result<Option<Bytes>, FetchError> {
        let mut silent = Duration::ZERO;
        loop {
            self.deadline
                .renew()
                .map_err(|expired| of_expired(expired, self.wire_bytes, &self.url))?;
            let allowed = self
                .limits
                .idle
                .saturating_sub(silent)
                .min(self.deadline.left());
            let begun = Instant::now();
            let received = timeout(allowed, self.response.chunk()).await;
            let waited = begun.elapsed();
            silent += waited;
            let bytes = match &received {
                Ok(Ok(Some(chunk))) => chunk.len(),
                _ => 0,
            };
            self.deadline.count(waited, bytes);
            match received {
                Ok(Ok(chunk)) => return Ok(chunk),
                Ok(Err(_)) => return Err(self.cut()),
                Err(_) if silent >= self.limits.idle => return Err(self.stalled()),
                Err(_) => {}
            }
        }
    }

    fn cut(&self) -> FetchError {
        transient(format!(
            "answer cut after {} bytes from {}",
            self.wire_bytes, self.url
        ))
    }

    fn unreadable(&self) -> FetchError {
        transient(format!(
            "answer from {} is not valid gzip after {} bytes: it is cut or damaged",
            self.url, self.wire_bytes
        ))
    }

    fn stalled(&self) -> FetchError {
        transient(format!(
            "answer stalled for {} after {} bytes from {}",
            span(self.limits.idle),
            self.wire_bytes,
            self.url
        ))
    }
}

/// Whether so many bytes on the wire became more than they may.
pub(super) fn is_bomb(unpacked: u64, wire: u64, ratio_max: u64) -> bool {
    unpacked > RATIO_FREE_BYTES && unpacked > wire.saturating_mul(ratio_max)
}

impl Body for AnswerBody {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, FetchError>> {
        Box::pin(async move {
            match &self.end {
                Some(Ok(())) => return Ok(None),
                Some(Err(error)) => return Err(error.clone()),
                None => {}
            }
            let piece = self.piece().await;
            if let Err(error) = &piece {
                self.end = Some(Err(error.clone()));
            }
            piece
        })
    }
}

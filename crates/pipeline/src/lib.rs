//! Bytes to outcomes: decode, normalize, enrich. Pure: no clock, no files, no runtime.

//! REST API and pages over the ports.

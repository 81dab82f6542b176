//! The documents that describe the mock.

/// `GET /openapi.json`.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

/// `GET /docs`: a page without scripts, so that it works without a network.
pub(super) const DOCS: &str = include_str!("docs.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_carry_the_recorded_title() {
        let openapi: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        assert_eq!(openapi["info"]["title"], "Mock Upstream API");
        assert_eq!(openapi["info"]["version"], "0.1.0");
        for (path, method) in [("/alerts", "get"), ("/config", "get"), ("/config", "post")] {
            assert!(
                openapi["paths"][path][method].is_object(),
                "{method} {path}"
            );
        }
        assert!(DOCS.contains("<title>Mock Upstream API</title>"));
    }
}

//! Where an address lies.

/// A country: ISO 3166-1 alpha-2, upper case ASCII.
pub type CountryCode = [u8; 2];

/// Where an address lies, rendered once for each distinct record of a database.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GeoFragment {
    /// ISO 3166-1 alpha-2.
    pub country_code: Option<CountryCode>,
    /// The members to splice into a record, without braces, such as
    /// `"country":"Germany","regionName":"Hesse","city":"Frankfurt","lat":50.1,"lon":8.6`. Only the
    /// configured fields, in their order; fields that the database does not know are left out.
    pub members: String,
}

/// The same as a table tells it, without a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// ISO 3166-1 alpha-2.
    pub country_code: Option<CountryCode>,
    /// The members to splice into a record.
    pub members: &'a str,
}

impl GeoFragment {
    /// The place that it tells of.
    pub fn place(&self) -> Place<'_> {
        Place {
            country_code: self.country_code,
            members: &self.members,
        }
    }
}

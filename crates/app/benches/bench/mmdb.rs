//! Writes databases in `MaxMind`'s format, version 2.0: a binary tree over address bits, data, metadata.

/// Bytes between the tree and the data.
const SEPARATOR_BYTES: u32 = 16;
/// The leading zero bits of an IPv4 address in an IPv6 tree.
const V4_DEPTH: u32 = 96;
const METADATA_MARK: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Where a bit of an address leads.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    /// To another node.
    Node(u32),
    /// To the data at an offset.
    Data(u32),
    /// Nowhere.
    Empty,
}

/// The data section.
#[derive(Default)]
pub(crate) struct Data(Vec<u8>);

impl Data {
    /// The offset of what is written next.
    pub(crate) fn end(&self) -> u32 {
        self.0.len() as u32
    }

    /// Text.
    pub(crate) fn text(&mut self, text: &str) {
        self.head(2, text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A float.
    pub(crate) fn double(&mut self, value: f64) {
        self.head(3, 8);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A number of 16 bits.
    pub(crate) fn uint16(&mut self, value: u16) {
        self.head(5, 2);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A number of 32 bits.
    pub(crate) fn uint32(&mut self, value: u32) {
        self.head(6, 4);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    fn uint64(&mut self, value: u64) {
        self.head(9, 8);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A map of so many pairs, which follow.
    pub(crate) fn map(&mut self, pairs: usize) {
        self.head(7, pairs);
    }

    /// An array of so many values, which follow.
    pub(crate) fn array(&mut self, values: usize) {
        self.head(11, values);
    }

    /// What lies at an offset.
    pub(crate) fn pointer(&mut self, offset: u32) {
        self.0.push(0b0011_1000);
        self.0.extend_from_slice(&offset.to_be_bytes());
    }

    /// The type and the size, which is below 285.
    fn head(&mut self, kind: u8, size: usize) {
        let size_bits = size.min(29) as u8;
        if kind < 8 {
            self.0.push(kind << 5 | size_bits);
        } else {
            self.0.extend_from_slice(&[size_bits, kind - 7]);
        }
        if size >= 29 {
            self.0.push((size - 29) as u8);
        }
    }
}

/// A database whose tree holds IPv4 addresses where IPv6 trees hold them; the first node is the root.
pub(crate) fn tree(nodes: &[[Link; 2]], data: &Data, kind: &str, languages: &[&str]) -> Vec<u8> {
    let count = nodes.len() as u32 + V4_DEPTH;
    let number = |link: &Link| match link {
        Link::Node(index) => index + V4_DEPTH,
        Link::Data(offset) => count + SEPARATOR_BYTES + offset,
        Link::Empty => count,
    };
    let mut out = Vec::with_capacity(count as usize * 7 + data.0.len() + 1_024);
    for depth in 1..=V4_DEPTH {
        node(depth, count, &mut out);
    }
    for [left, right] in nodes {
        node(number(left), number(right), &mut out);
    }
    out.extend_from_slice(&[0; SEPARATOR_BYTES as usize]);
    out.extend_from_slice(&data.0);
    out.extend_from_slice(METADATA_MARK);
    out.extend_from_slice(&metadata(count, kind, languages).0);
    out
}

/// A node of two links of 28 bits.
fn node(left: u32, right: u32, out: &mut Vec<u8>) {
    let ([l3, l2, l1, l0], [r3, r2, r1, r0]) = (left.to_be_bytes(), right.to_be_bytes());
    out.extend_from_slice(&[l2, l1, l0, l3 << 4 | r3, r2, r1, r0]);
}

fn metadata(nodes: u32, kind: &str, languages: &[&str]) -> Data {
    let mut data = Data::default();
    data.map(9);
    for (key, value) in [
        ("binary_format_major_version", 2),
        ("binary_format_minor_version", 0),
        ("ip_version", 6),
        ("record_size", 28),
    ] {
        data.text(key);
        data.uint16(value);
    }
    data.text("build_epoch");
    data.uint64(1_767_225_600);
    data.text("database_type");
    data.text(kind);
    data.text("description");
    data.map(1);
    data.text("en");
    data.text("invented for a bench");
    data.text("languages");
    data.array(languages.len());
    for language in languages {
        data.text(language);
    }
    data.text("node_count");
    data.uint32(nodes);
    data
}

//! The answer to a push as it is stored, for repeats under the same key.

use cresset_model::batch::Reason;
use cresset_model::ports::{PushReceipt, RecordFaultAt};
use cresset_model::source::Counters;
use serde_json::{Value, json};

/// The form of the stored answer; it grows when the form changes.
const VERSION: u64 = 1;

/// Writes a receipt.
pub(super) fn write(receipt: &PushReceipt) -> String {
    let counts = &receipt.counts;
    let faults: Vec<Value> = receipt
        .faults
        .iter()
        .map(|fault| json!([fault.index, fault.reason.as_str(), fault.detail]))
        .collect();
    json!({
        "version": VERSION,
        "read": counts.read,
        "new": counts.new,
        "changed": counts.changed,
        "same": counts.same,
        "passed": counts.passed,
        "filtered": counts.filtered,
        "dead": counts.dead,
        "enrich_misses": counts.enrich_misses,
        "faults": faults,
    })
    .to_string()
}

/// Reads a receipt back, as a repeat gets it; `None` if it was not written here.
pub(super) fn read(answer: &str) -> Option<PushReceipt> {
    let value: Value = serde_json::from_str(answer).ok()?;
    let count = |name: &str| value.get(name)?.as_u64();
    if count("version")? != VERSION {
        return None;
    }
    let faults = value.get("faults")?.as_array()?;
    Some(PushReceipt {
        counts: Counters {
            read: count("read")?,
            redriven: 0,
            new: count("new")?,
            changed: count("changed")?,
            same: count("same")?,
            passed: count("passed")?,
            filtered: count("filtered")?,
            dead: count("dead")?,
            enrich_misses: count("enrich_misses")?,
            late: 0,
        },
        faults: faults.iter().map(fault).collect::<Option<_>>()?,
        replayed: true,
    })
}

fn fault(value: &Value) -> Option<RecordFaultAt> {
    let [index, reason, detail] = value.as_array()?.as_slice() else {
        return None;
    };
    Some(RecordFaultAt {
        index: index.as_u64()?,
        reason: Reason::from_code(reason.as_str()?)?,
        detail: detail.as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_back_and_says_that_it_is_a_repeat() {
        let receipt = PushReceipt {
            counts: Counters {
                read: 8,
                new: 1,
                changed: 1,
                same: 1,
                passed: 2,
                filtered: 1,
                dead: 2,
                enrich_misses: 3,
                late: 0,
                redriven: 0,
            },
            faults: vec![RecordFaultAt {
                index: 7,
                reason: Reason::MissingField,
                detail: "a \"quoted\" detail".to_owned(),
            }],
            replayed: false,
        };
        let expected = PushReceipt {
            replayed: true,
            ..receipt.clone()
        };
        assert_eq!(read(&write(&receipt)), Some(expected));
    }

    #[test]
    fn what_was_written_otherwise_is_no_answer() {
        for answer in ["", "{}", r#"{"version":2}"#, "[1]"] {
            assert_eq!(read(answer), None, "{answer}");
        }
    }
}

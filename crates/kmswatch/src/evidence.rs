//! What the monitor and its store keep of a record: who did what with which key, from where.

use cloudtrail::call::{Call, Data, Text};
use monitor::Evidence;

/// How much of a text of a record is kept, in bytes. IAM and STS write no ARN longer than 2,048 characters.
const MAX_TEXT: usize = 2048;

/// What a record says.
pub(crate) fn of(call: &Call<'_>) -> Evidence {
    let kept = |text: &Option<Text<'_>>| text.as_deref().map(short);
    Evidence {
        principal: short(&call.principal.id()),
        principal_words: call.principal.words(),
        service: kept(&call.source),
        region: kept(&call.region),
        account: kept(&call.recipient_account),
        operation: kept(&call.operation).unwrap_or_default(),
        key: call.key_name().as_deref().map(short),
        key_notes: call.key_notes(),
        error: kept(&call.error),
        error_message: kept(&call.error_message),
        data: call.data.iter().map(Data::words).collect(),
        more_data: u32::try_from(call.data_more).unwrap_or(u32::MAX),
        source_address: kept(&call.source_address),
        user_agent: kept(&call.user_agent),
    }
}

/// The beginning of a text, with `…` behind it where something was cut.
fn short(text: &str) -> String {
    match text.get(..text.floor_char_boundary(MAX_TEXT)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        let record = format!(r#"{{"userAgent":"{}","errorMessage":"no"}}"#, "é".repeat(2000));
        let document = json::Document::parse(record.as_bytes()).unwrap();
        let evidence = of(&Call::from_record(document.root()));
        assert_eq!(evidence.user_agent, Some(format!("{}…", "é".repeat(1024))));
        assert_eq!(evidence.error_message.as_deref(), Some("no"));
        assert_eq!(evidence.error, None);
    }
}

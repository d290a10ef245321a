//! Is this text a Terraform plan?

use json::{Document, Kind};

/// Members that `terraform show -json` writes and that templates don't have.
const OF_PLANS: [&str; 3] = ["planned_values", "format_version", "terraform_version"];

/// Text that isn't JSON to its end is told by how it begins, so that what is wrong with it is said in the right words.
pub(crate) fn is_plan(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        return false;
    }
    match Document::parse(text.as_bytes()) {
        Ok(document) => {
            let root = document.root();
            root.kind() == Kind::Object
                && root.get("Resources").is_none()
                && OF_PLANS.iter().any(|key| root.get(key).is_some())
        }
        Err(_) => {
            let begins = text.trim_start_matches('{').trim_start();
            OF_PLANS.iter().any(|key| begins.strip_prefix('"').is_some_and(|rest| rest.starts_with(key)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_plan;

    #[test]
    fn the_content_tells() {
        assert!(is_plan(r#" {"format_version":"1.2","planned_values":{}}"#));
        assert!(is_plan(r#"{"format_version":"1.2","#));
        assert!(!is_plan(r#"{"Resources":{},"format_version":"1"}"#));
        assert!(!is_plan(r#"{"Resources":{"#));
        assert!(!is_plan("format_version: 1"));
        assert!(!is_plan(""));
    }
}

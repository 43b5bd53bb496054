/// Texts without what writers fill them up with.
pub(super) fn trimmed(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.trim_matches(['\0', ' ']).to_owned()).collect()
}

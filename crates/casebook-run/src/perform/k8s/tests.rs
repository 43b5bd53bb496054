use super::*;

#[test]
fn of_secrets_only_their_names_are_kept() {
    let mut secret = json!({
        "kind": "Secret",
        "metadata": { "name": "a", "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "s3cret" } },
        "data": { "password": "czNjcmV0" },
        "stringData": { "user": "s3cret" },
    });
    hide_secrets(&mut secret);
    assert_eq!(
        secret,
        json!({
            "kind": "Secret",
            "metadata": { "name": "a" },
            "data": { "password": "***" },
            "stringData": { "user": "***" },
        })
    );
    let mut empty = json!({ "kind": "Secret" });
    hide_secrets(&mut empty);
    assert_eq!(empty["kind"], "Secret");
}

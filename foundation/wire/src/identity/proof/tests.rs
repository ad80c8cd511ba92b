//! Whose word a proof is: the fleet's own, of this time, in that role, by that name, for that statement.

use super::{PROOF_BYTES_MAX, Proof, ProofError};
use crate::identity::{CERTIFICATE_DAYS, FleetAuthority, FleetIdentity, FleetRole};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use vocab::time::Timestamp;

const STATEMENT: &[u8] = b"the sky is blue";
const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

fn issue(folder: &Path, fleet: &str, role: FleetRole, name: &str) -> FleetIdentity {
    let authority = FleetAuthority::open_or_create(&folder.join(fleet)).unwrap();
    let own = folder.join(format!("{fleet}-{}-{name}", role.as_str()));
    authority.issue(role, name, &own).unwrap();
    FleetIdentity::load(&own).unwrap()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

#[test]
fn a_word_is_that_of_one_process_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let make = |fleet, role, name| issue(folder.path(), fleet, role, name);
    let listener = make("ours", FleetRole::Cell, "cell-a");
    let wanted = (FleetRole::Cell, "cell-b");
    let verify = |identity: &FleetIdentity, statement: &[u8]| {
        let proof = identity.prove(STATEMENT).unwrap();
        listener.verify(&proof, wanted, statement, now())
    };
    let speaker = make("ours", FleetRole::Cell, "cell-b");
    verify(&speaker, STATEMENT).unwrap();
    assert!(matches!(
        verify(&speaker, b"the sky is green"),
        Err(ProofError::Signature { .. })
    ));
    for other in [
        make("ours", FleetRole::Cell, "cell-c"),
        make("ours", FleetRole::Edge, "cell-b"),
        make("ours", FleetRole::Control, "cell-b"),
        make("ours", FleetRole::Operator, "cell-b"),
        make("theirs", FleetRole::Cell, "cell-b"),
    ] {
        let refused = verify(&other, STATEMENT);
        assert!(matches!(refused, Err(ProofError::Certificate { .. })));
    }
    // The right certificate beside the signature of another key: certificates are no secret.
    let control = make("ours", FleetRole::Control, "control");
    let borrowed = Proof {
        signature: control.prove(STATEMENT).unwrap().signature,
        chain: speaker.prove(STATEMENT).unwrap().chain,
    };
    assert!(matches!(
        listener.verify(&borrowed, wanted, STATEMENT, now()),
        Err(ProofError::Signature { .. })
    ));
    let bare = Proof {
        signature: speaker.prove(STATEMENT).unwrap().signature,
        chain: Vec::new(),
    };
    assert!(listener.verify(&bare, wanted, STATEMENT, now()).is_err());
    let proof = speaker.prove(STATEMENT).unwrap();
    for name in ["", "*", "cell_b.", "cell-b.cell", "ä"] {
        let verdict = listener.verify(&proof, (FleetRole::Cell, name), STATEMENT, now());
        assert!(verdict.is_err(), "{name}");
    }
}

#[test]
fn a_word_counts_while_the_certificate_does() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name| issue(folder.path(), "ours", FleetRole::Cell, name);
    let (listener, speaker) = (make("cell-a"), make("cell-b"));
    let proof = speaker.prove(STATEMENT).unwrap();
    let until = i64::from(CERTIFICATE_DAYS) * DAY_SECS;
    for (off, counts) in [
        (0, true),
        (HOUR_SECS, true),
        (-HOUR_SECS, true),
        (until - HOUR_SECS, true),
        (until + HOUR_SECS, false),
        (-DAY_SECS + HOUR_SECS, true),
        (-DAY_SECS - HOUR_SECS, false),
        (-now().seconds() - 1, false),
    ] {
        let at = now().plus_secs(off);
        let verdict = listener.verify(&proof, (FleetRole::Cell, "cell-b"), STATEMENT, at);
        assert_eq!(verdict.is_ok(), counts, "{off}");
    }
}

#[test]
fn a_proof_has_one_spelling_and_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let speaker = issue(folder.path(), "ours", FleetRole::Cell, "cell-b");
    let proof = speaker.prove(STATEMENT).unwrap();
    let bytes = proof.render();
    assert_eq!(Proof::parse(&bytes), Some(proof.clone()));
    for cut in 0..bytes.len() {
        assert_ne!(Proof::parse(&bytes[..cut]), Some(proof.clone()), "{cut}");
    }
    let leaf = proof.chain[0].clone();
    let table = [
        (vec![0; 72], vec![leaf.clone(); 3], true),
        (vec![0; 72], vec![leaf.clone(); 4], false),
        (vec![0; 73], vec![leaf], false),
        (vec![0; 72], vec![vec![0; 4_096].into(); 3], true),
        (vec![0; 72], vec![vec![0; 4_097].into()], false),
        (vec![0; 72], vec![], false),
    ];
    for (signature, chain, fits) in table {
        let bytes = Proof { signature, chain }.render();
        assert_eq!(Proof::parse(&bytes).is_some(), fits);
        assert!(!fits || bytes.len() <= PROOF_BYTES_MAX);
    }
}

//! Which files of a folder are a certificate and its key. Pure: names in, pairs out.

use std::collections::BTreeSet;

/// A certificate and its key, by their names in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The chain.
    pub chain: String,
    /// The key.
    pub key: String,
}

/// The pairs among the files of one folder, and the chains that have no key.
///
/// `acme.pem` or `acme.crt` goes with `acme.key` or `acme-key.pem`. A folder with `fullchain.pem` and `privkey.pem` is what
/// ACME clients make: its other files are parts of these two.
#[must_use]
pub fn plan_pairs(names: &BTreeSet<String>) -> (Vec<Pair>, Vec<String>) {
    let has = |name: &str| names.contains(name);
    if has("fullchain.pem") && has("privkey.pem") {
        let pair = Pair {
            chain: String::from("fullchain.pem"),
            key: String::from("privkey.pem"),
        };
        return (vec![pair], Vec::new());
    }
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for chain in names.iter().filter(|name| !name.starts_with('.')) {
        let stem = chain.strip_suffix(".pem").or(chain.strip_suffix(".crt"));
        let Some(stem) = stem else { continue };
        if stem.ends_with("-key") {
            continue;
        }
        let keys = [format!("{stem}.key"), format!("{stem}-key.pem")];
        match keys.into_iter().find(|key| has(key)) {
            Some(key) => pairs.push(Pair {
                chain: chain.clone(),
                key,
            }),
            None => alone.push(chain.clone()),
        }
    }
    (pairs, alone)
}

#[cfg(test)]
mod tests {
    use super::plan_pairs;

    #[test]
    fn a_chain_goes_with_the_key_of_its_name() {
        type Row<'r> = (&'r [&'r str], &'r [(&'r str, &'r str)], &'r [&'r str]);
        let table: [Row<'_>; 7] = [
            (&[], &[], &[]),
            (&["a.pem", "a.key"], &[("a.pem", "a.key")], &[]),
            (
                &["tls.crt", "tls.key", "ca.crt"],
                &[("tls.crt", "tls.key")],
                &["ca.crt"],
            ),
            (&["a.pem", "a-key.pem"], &[("a.pem", "a-key.pem")], &[]),
            (
                &[
                    "cert.pem",
                    "chain.pem",
                    "fullchain.pem",
                    "privkey.pem",
                    "README",
                ],
                &[("fullchain.pem", "privkey.pem")],
                &[],
            ),
            (&[".a.pem", ".a.key", "a.pem.new", "b.key"], &[], &[]),
            (
                &["_.a.example.pem", "_.a.example.key", "b.pem"],
                &[("_.a.example.pem", "_.a.example.key")],
                &["b.pem"],
            ),
        ];
        for (names, pairs, alone) in table {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let (found, left) = plan_pairs(&names);
            let found: Vec<_> = found
                .iter()
                .map(|pair| (pair.chain.as_str(), pair.key.as_str()))
                .collect();
            assert_eq!(
                (found.as_slice(), left.as_slice()),
                (
                    pairs,
                    alone
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect::<Vec<_>>()
                        .as_slice()
                ),
                "{names:?}"
            );
        }
    }
}

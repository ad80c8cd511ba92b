//! The functions of the expression language as a table: name, kinds of the values, kind of the result.

use crate::expression::Kind;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Function {
    Append,
    Join,
    Length,
    RemoveSpaces,
    Replace,
    ReplaceFirst,
    StartsWith,
    StringContains,
    StringSwitch,
    Substring,
    SubstringAfter,
    SubstringBefore,
    ToLowerCase,
    ToUpperCase,
    ArrayContains,
    ArrayIsEmpty,
    ArraySize,
    ToInteger,
}

/// What a function takes and gives.
pub(super) struct Signature {
    pub(super) function: Function,
    pub(super) name: &'static str,
    pub(super) takes: &'static [Kind],
    /// What may follow, any number of times.
    pub(super) more: Option<Kind>,
    pub(super) gives: Kind,
}

const TEXT: Kind = Kind::Text;

macro_rules! functions {
    ($($name:literal $function:ident ($($kind:expr),*) $more:expr => $gives:ident;)*) => {
        pub(super) const SIGNATURES: &[Signature] = &[$(
            Signature {
                function: Function::$function,
                name: $name,
                takes: &[$($kind),*],
                more: $more,
                gives: Kind::$gives,
            },
        )*];
    };
}

functions! {
    "String.append" Append (TEXT, TEXT) None => Text;
    "String.join" Join (TEXT) Some(TEXT) => Text;
    "String.len" Length (TEXT) None => Number;
    "String.removeSpaces" RemoveSpaces (TEXT) None => Text;
    "String.replace" Replace (TEXT, TEXT, TEXT) None => Text;
    "String.replaceFirst" ReplaceFirst (TEXT, TEXT, TEXT) None => Text;
    "String.startsWith" StartsWith (TEXT, TEXT) None => Flag;
    "String.stringContains" StringContains (TEXT, TEXT) None => Flag;
    "String.stringSwitch" StringSwitch (TEXT, TEXT) Some(TEXT) => Text;
    "String.substring" Substring (TEXT, Kind::Number, Kind::Number) None => Text;
    "String.substringAfter" SubstringAfter (TEXT, TEXT) None => Text;
    "String.substringBefore" SubstringBefore (TEXT, TEXT) None => Text;
    "String.toLowerCase" ToLowerCase (TEXT) None => Text;
    "String.toUpperCase" ToUpperCase (TEXT) None => Text;
    "Arrays.contains" ArrayContains (Kind::List, Kind::Any) None => Flag;
    "Arrays.isEmpty" ArrayIsEmpty (Kind::List) None => Flag;
    "Arrays.size" ArraySize (Kind::List) None => Number;
    "Convert.toInt" ToInteger (TEXT) None => Number;
}

impl Signature {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        SIGNATURES.iter().find(|signature| signature.name == name)
    }

    /// The kind of the value at a place; none where there may not be one.
    pub(super) fn kind_at(&self, place: usize) -> Option<Kind> {
        self.takes.get(place).copied().or(self.more)
    }

    /// Whether it takes so many values.
    pub(super) fn takes_count(&self, count: usize) -> bool {
        match (self.function, self.more) {
            // Behind the text and what it becomes otherwise stand pairs.
            (Function::StringSwitch, _) => count >= 4 && count.is_multiple_of(2),
            (_, Some(_)) => count > self.takes.len(),
            (_, None) => count == self.takes.len(),
        }
    }
}

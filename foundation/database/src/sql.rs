//! The text of a statement, and the words that name it in messages: a row outlives the text it was asked with.

/// A statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sql<'s> {
    /// The text; it holds names and placeholders, and never a value.
    pub(crate) text: &'s str,
    /// What it is called in a message.
    pub(crate) name: &'static str,
}

impl<'s> Sql<'s> {
    /// A constant of the program names itself.
    pub(crate) fn constant(text: &'static str) -> Sql<'static> {
        Sql { text, name: text }
    }

    /// A text that was rendered from the schema.
    pub(crate) fn rendered(text: &'s str, name: &'static str) -> Self {
        Self { text, name }
    }
}

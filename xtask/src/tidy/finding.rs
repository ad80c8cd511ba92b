//! What a rule says about a file, and what a rule is told of it.

use std::fmt;

/// A file of the tree: its path from the root, with forward slashes, and its text.
#[derive(Debug, Clone)]
pub struct TextFile {
    /// Where it lies.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl TextFile {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folders above the file.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let name_length = self.name().len();
        let above = self.path.len() - name_length;
        let (folders, _) = self.path.split_at(above);
        folders.split('/').filter(|folder| !folder.is_empty())
    }

    /// The part after the last dot of the name, or nothing.
    pub fn extension(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }
}

/// A breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Finding {
    /// A breach at a line of a file.
    pub fn at(file: &TextFile, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

//! A list, page by page.

use crate::connection::Client;
use crate::error::ClientError;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use url::Url;

/// A list that is read page by page; nothing is asked before the first.
pub struct Pages<'a, T> {
    client: &'a Client,
    next: Option<Url>,
    of: PhantomData<T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    pub(crate) fn of(
        client: &'a Client,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Self, ClientError> {
        let next = Some(client.address(path, query)?);
        Ok(Self {
            client,
            next,
            of: PhantomData,
        })
    }

    /// The next page, which may be empty and yet not the last; `None` behind the last.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ClientError> {
        let Some(address) = &self.next else {
            return Ok(None);
        };
        let page = self.client.page(address).await?;
        self.next = page.next;
        Ok(Some(page.body))
    }
}

//! A database for one test, dropped with it. Databases with the same start are copied from a template.

use std::sync::atomic::Ordering;

use crate::server::{Server, StartError};

/// A database of one test's own.
#[derive(Debug)]
pub struct TestDatabase<'s> {
    server: &'s Server,
    name: String,
}

impl Server {
    /// A new empty database.
    ///
    /// # Errors
    /// What the server complained of.
    pub fn empty_database(&self) -> Result<TestDatabase<'_>, StartError> {
        self.create("template0")
    }

    /// A copy of a template, which `fill` prepares once per process: it gets the address of an empty database and must
    /// have closed its connections when it returns.
    ///
    /// # Errors
    /// What the server complained of.
    pub async fn copy_of<F, Filled>(
        &self,
        template: &'static str,
        fill: F,
    ) -> Result<TestDatabase<'_>, StartError>
    where
        F: FnOnce(String) -> Filled,
        Filled: Future<Output = ()>,
    {
        let mut templates = self.templates.lock().await;
        if !templates.contains(&template) {
            self.run_sql(
                "postgres",
                &format!("CREATE DATABASE \"{template}\" TEMPLATE template0"),
            )?;
            fill(self.url(template)).await;
            templates.push(template);
        }
        drop(templates);
        self.create(template)
    }

    fn create(&self, template: &str) -> Result<TestDatabase<'_>, StartError> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run_sql(
            "postgres",
            &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""),
        )?;
        Ok(TestDatabase { server: self, name })
    }
}

impl TestDatabase<'_> {
    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL in it as the superuser; gives the rows, one a line, columns apart by `|`.
    ///
    /// # Errors
    /// What the server complained of.
    pub fn run_sql(&self, sql: &str) -> Result<String, StartError> {
        self.server.run_sql(&self.name, sql)
    }
}

impl Drop for TestDatabase<'_> {
    fn drop(&mut self) {
        // A leftover goes with the server.
        let _ = self.server.run_sql(
            "postgres",
            &format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name),
        );
    }
}

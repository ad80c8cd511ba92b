//! A test of a stream: a row of the log that says that it was tested is sent to its receiver at once, beside whatever waits. It
//! comes once more when its turn is there.

use crate::access::{Permission, Permit};
use crate::cell::Cell;
use crate::event_hook::envoy::Envoy;
use crate::fault::{Fault, Refusal};
use crate::log_stream::LogStream;
use crate::log_stream::operations::{own, stream_event};
use crate::log_stream::parcel::{Outcomes, render_parcel};
use ledger::{EventType, LogFilter};
use vocab::future::boxed;

impl Cell {
    /// Sends a test to the receiver of a stream, whether it is switched on or off; what came of it is not noted.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was sent.
    #[boxed]
    pub async fn test_log_stream(
        &self,
        permit: &Permit,
        stream: &LogStream,
        envoy: &dyn Envoy,
    ) -> Result<Outcomes, Refusal> {
        permit.covers(Permission::ManageOrg)?;
        own(permit, stream)?;
        let kind = EventType::SystemLogStreamTest;
        let (org, now) = (permit.org().clone(), self.now());
        let event = stream_event(permit, kind, stream, now);
        let stored: Result<(), Fault> = self
            .database
            .write(move |tx| Box::pin(async move { Ok(ledger::append(tx, &org, event).await?) }))
            .await;
        stored?;
        let filter = LogFilter {
            event_type: Some(kind),
            target: Some(stream.id.to_string()),
            ..LogFilter::default()
        };
        let rows = {
            let mut tx = self.database.read().await?;
            let page = ledger::load_page(&mut tx, permit.org(), &filter, None, 1).await?;
            page.rows
        };
        let secrets = self.open_stream_secrets(stream).await?;
        let parcel = render_parcel(stream, &rows, &secrets, now);
        Ok(parcel.send(envoy).await)
    }
}

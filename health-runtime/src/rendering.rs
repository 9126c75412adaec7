//! Reports as bytes, for programs with a server of their own.

use crate::{
    model::Report,
    render::{ReportFormat, ReportView, ShowDetails, Visibility},
};

impl Report {
    /// Renders the report as the endpoint would show it, with or without details.
    ///
    /// ```
    /// use health_runtime::{Check, Level, Monitor, Registry, ReportFormat, Selection, ShowDetails};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), health_runtime::Error> {
    /// let db = Check::new("db", Level::L1, || async { Err::<(), _>("db.internal refuses connections") });
    /// let monitor = Monitor::new(Registry::builder().check(db).build()?);
    /// let report = monitor.report(&Selection::everything()).await;
    ///
    /// let for_everybody = report.render(ReportFormat::Json, ShowDetails::Never);
    /// let for_operators = report.render(ReportFormat::Json, ShowDetails::Always);
    /// assert!(!String::from_utf8_lossy(&for_everybody).contains("db.internal"));
    /// assert!(String::from_utf8_lossy(&for_operators).contains("db.internal"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The bytes are UTF-8, of the media type [`ReportFormat::media_type`]. A report on levels has the shape of
    /// `{base}/levels`; a report on a group or on a single check has the shape of a group.
    #[must_use]
    pub fn render(&self, format: ReportFormat, show: ShowDetails) -> Vec<u8> {
        format.render(&ReportView::new(self, show.apply(Visibility::OUTLINE)))
    }
}

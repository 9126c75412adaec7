//! Receivers of alerts, and their start.

use super::{alertmanager::Alertmanager, sender::Sender, webhook::Webhook};
use crate::{
    error::{Error, Problem},
    monitor::Monitor,
};

/// An [`Alertmanager`] or a [`Webhook`], by `into()`.
#[derive(Clone, Debug)]
#[must_use]
pub struct AlertReceiver(AnyReceiver);

#[derive(Clone, Debug)]
enum AnyReceiver {
    Alertmanager(Box<Alertmanager>),
    Webhook(Box<Webhook>),
}

/// A receiver whose settings are valid.
pub(crate) struct ValidReceiver(AlertReceiver);

impl From<Alertmanager> for AlertReceiver {
    fn from(alertmanager: Alertmanager) -> Self {
        Self(AnyReceiver::Alertmanager(Box::new(alertmanager)))
    }
}

impl From<Webhook> for AlertReceiver {
    fn from(webhook: Webhook) -> Self {
        Self(AnyReceiver::Webhook(Box::new(webhook)))
    }
}

impl AlertReceiver {
    fn sender(&mut self) -> &mut Sender {
        match &mut self.0 {
            AnyReceiver::Alertmanager(alertmanager) => alertmanager.sender(),
            AnyReceiver::Webhook(webhook) => webhook.sender(),
        }
    }

    /// Checks the settings, those of files included, which blocks.
    ///
    /// # Errors
    /// All problems of the settings.
    pub(crate) fn validate(mut self, service: Option<&str>) -> Result<ValidReceiver, Vec<Problem>> {
        let name = &mut self.sender().service;
        *name = name.take().or_else(|| service.map(str::to_owned));
        let (receiver, faults) = match &self.0 {
            AnyReceiver::Alertmanager(alertmanager) => ("Alertmanager", alertmanager.faults()),
            AnyReceiver::Webhook(webhook) => ("Webhook", webhook.faults()),
        };
        if faults.is_empty() {
            return Ok(ValidReceiver(self));
        }
        Err(faults.into_iter().map(|fault| Problem::InvalidReceiver { receiver, fault }).collect())
    }
}

impl ValidReceiver {
    /// Starts its tasks, which end with the monitor.
    pub(crate) fn start(self, monitor: &Monitor) {
        match self.0.0 {
            AnyReceiver::Alertmanager(alertmanager) => {
                alertmanager.tasks(monitor).into_iter().for_each(|task| monitor.spawn_soon(task));
            }
            AnyReceiver::Webhook(webhook) => monitor.spawn_soon(webhook.task(monitor)),
        }
    }
}

impl Monitor {
    /// Sends alerts to a receiver, from now on and until the monitor is gone. With an endpoint call
    /// [`EndpointBuilder::alert_to`](crate::EndpointBuilder::alert_to), which misses no first result.
    ///
    /// A receiver that is slow or down delays nothing. Requests are sent on the runtime of the checks; outside a runtime,
    /// they begin with the first change of a check. They end with that runtime: a service that shuts it down and goes on with
    /// another one adds its receivers again. Reads the files of its settings, which blocks for a moment.
    ///
    /// ```
    /// use health_runtime::{Monitor, Registry, alerts::Alertmanager};
    ///
    /// let monitor = Monitor::new(Registry::builder().build()?);
    /// monitor.alert_to(Alertmanager::new(["http://alertmanager:9093"]).service("orders"))?;
    /// # Ok::<(), health_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Problem::InvalidReceiver`] for each fault of the settings.
    pub fn alert_to(&self, receiver: impl Into<AlertReceiver>) -> Result<(), Error> {
        receiver.into().validate(None).map_err(Error::new)?.start(self);
        Ok(())
    }
}

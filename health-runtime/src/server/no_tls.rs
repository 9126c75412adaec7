//! Takes the place of TLS without the feature `server-tls`: no binding has it.

use std::future::{Pending, Ready, pending};

use crate::{byte_stream::ByteStream, error::Problem, model::Check};

#[derive(Clone, Copy, Debug)]
pub(super) enum Tls {}

#[derive(Clone)]
pub(super) enum Identity {}

#[derive(Clone)]
pub(super) enum ClientCertificate {}

pub(super) struct Expiry;

impl Identity {
    pub(super) fn load(tls: Tls) -> Result<Self, Vec<Problem>> {
        match tls {}
    }

    pub(super) fn accept(&self, _: ByteStream) -> Ready<Result<(ByteStream, Option<ClientCertificate>), String>> {
        match *self {}
    }

    pub(super) fn certificate_check(&self, _: String) -> Option<Check> {
        match *self {}
    }

    pub(super) fn expiry(&self) -> Expiry {
        match *self {}
    }

    pub(super) fn keep_current(&self) -> Ready<()> {
        match *self {}
    }
}

impl Expiry {
    #[expect(clippy::unused_self, reason = "same signature as with TLS")]
    pub(super) fn reached(self, _: Option<ClientCertificate>) -> Pending<()> {
        pending()
    }
}

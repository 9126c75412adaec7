"""Verifies a request by standardwebhooks, and reads its event by the SDK of CloudEvents. JSON in, JSON out."""

import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

question = json.load(sys.stdin)
headers, body = question["headers"], question["body"]
try:
    Webhook(question["secret"]).verify(body, headers)
    is_signed = True
except WebhookVerificationError:
    is_signed = False
# Raises for an attribute that is missing or not valid.
event = from_structured_event(HTTPMessage(headers, body.encode()))
attributes = {
    name: str(value) for name, value in event.get_attributes().items()
}
json.dump(
    {"signature": is_signed, "event": attributes, "data": event.get_data()},
    sys.stdout,
)

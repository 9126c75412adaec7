"""Asks for a token with authlib and uses it, as a service would that knows OAuth 2.0. JSON in, JSON out."""

import json
import sys

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

question = json.load(sys.stdin)
session = OAuth2Session(question["client_id"], question["client_secret"])
try:
    token = session.fetch_token(question["base"] + "/token", grant_type="client_credentials")
except OAuthError as error:
    answer = {"error": error.error}
else:
    # The session sends the token as its type says.
    used = session.get(question["base"] + "/levels/1")
    answer = {"token": dict(token), "status": used.status_code, "checks": used.json()}
json.dump(answer, sys.stdout)

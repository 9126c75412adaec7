"""Makes tokens with PyJWT and says which of them it would accept itself, or reads one. JSON in, JSON out."""

import json
import sys
import time

import jwt


def make(algorithm, private, public, issuer, audience):
    now = int(time.time())
    good = {
        "sub": "ada",
        "iss": issuer,
        "aud": audience,
        "exp": now + 60,
        "nbf": now - 60,
        "iat": now - 60,
        "health_levels": [1, 2, 3, 4, 5],
    }
    changes = {
        "good": {},
        "expired": {"exp": now - 300},
        "not valid yet": {"nbf": now + 300},
        "another issuer": {"iss": "https://evil.example.com"},
        "another audience": {"aud": "other"},
        "one audience of several": {"aud": ["other", audience]},
        "within the leeway": {"exp": now - 10},
        "no exp": {"exp": None},
        "no iss": {"iss": None},
        "no aud": {"aud": None},
        "made in the future": {"iat": now + 300},
        "made just now by a clock ahead": {"iat": now + 10},
        "a list of issuers": {"iss": [issuer]},
        "a list of audiences with a number": {"aud": [7]},
        "a number as audience": {"aud": 7},
        "a number as subject": {"sub": 7},
        "a number as id": {"jti": 7},
        "an id": {"jti": "7"},
    }
    tokens = []
    for what, change in changes.items():
        claims = {key: value for key, value in {**good, **change}.items() if value is not None}
        # As it stands: with claims it is particular about what it writes, too.
        tokens.append((what, jwt.PyJWS().encode(json.dumps(claims).encode(), private, algorithm=algorithm)))
    tokens.append(("with a kid", jwt.encode(good, private, algorithm=algorithm, headers={"kid": "any"})))
    tokens.append(("not signed", jwt.encode(good, None, algorithm="none")))
    head, claims, signature = tokens[0][1].split(".")
    tokens.append(("touched", ".".join([head, claims, signature[:-8] + "AAAAAAAA"])))
    tokens.append(("cut off", ".".join([head, claims])))

    def accepts(token):
        try:
            jwt.decode(
                token,
                public,
                algorithms=[algorithm],
                issuer=issuer,
                audience=audience,
                leeway=30,
                options={"require": ["exp", "iss", "aud"]},
            )
            return True
        except jwt.PyJWTError:
            return False

    return [{"what": what, "token": token, "accepted": accepts(token)} for what, token in tokens]


def read(token, secret, audience):
    try:
        return jwt.decode(token, secret, algorithms=["HS256"], issuer="health-runtime", audience=audience)
    except jwt.PyJWTError as error:
        return {"error": type(error).__name__}


question = json.load(sys.stdin)
answer = make(**question["make"]) if "make" in question else read(**question["read"])
json.dump(answer, sys.stdout)

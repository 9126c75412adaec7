"""Calls every operation of a generated client: `openapi_client.py <folder of the package> <origin>`.

The service passes, fails and hangs in turn. Prints the number of calls; an answer that the client cannot parse is an
exception.
"""
import importlib
import inspect
import pkgutil
import sys
import typing

import httpx

folder, origin = sys.argv[1:]
sys.path.insert(0, folder)
Client = importlib.import_module("generated.client").Client
api = importlib.import_module("generated.api.health")
client = Client(base_url=origin, timeout=httpx.Timeout(10.0))
impatient = Client(base_url=origin, timeout=httpx.Timeout(0.5))

# Operations whose status code does not depend on the check, and those whose answer has its status in a field.
CONSTANT = {"info", "open_api", "metrics", "events", "level_2", "level_3", "level_4", "level_5", "live", "livez"}
TYPED = {"overview", "levels", "level_1", "check"}


def required_arguments(function):
    """All combinations of what a call has to name, which is a check at most."""
    hints = typing.get_type_hints(function)
    names = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "client" and parameter.default is inspect.Parameter.empty
    ]
    assert len(names) <= 1, names
    return [{names[0]: value} for value in hints[names[0]]] if names else [{}]


def plain(status):
    return getattr(status, "value", status)


calls = 0
for mode in ["pass", "fail", "hang"]:
    httpx.put(f"{origin}/mode/{mode}").raise_for_status()
    status = "pass" if mode == "pass" else "fail"
    for module in pkgutil.iter_modules(api.__path__):
        method, _, name = module.name.partition("_")
        function = importlib.import_module(f"generated.api.health.{module.name}").sync_detailed
        for arguments in required_arguments(function):
            calls += 1
            if module.name == "get_events":
                # A stream has no end.
                try:
                    function(client=impatient, **arguments)
                except httpx.ReadTimeout:
                    continue
                raise AssertionError("the stream of events ended")
            response = function(client=client, **arguments)
            where = f"{module.name} {arguments} in {mode}: {response}"
            is_verdict = name not in CONSTANT and "ping" not in map(plain, arguments.values())
            expected = 503 if is_verdict and status == "fail" else 200
            assert response.status_code == expected, where
            if method == "head":
                assert not response.content, where
                continue
            assert response.parsed is not None, where
            if name in TYPED:
                assert plain(response.parsed.status) == (status if is_verdict else "pass"), where
            elif name in {"livez", "live", "readyz", "ready", "startup", "startupz", "metrics", "agent"}:
                assert isinstance(response.parsed, str), where
print(calls)

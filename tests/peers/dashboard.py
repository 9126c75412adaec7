# Validates a dashboard, JSON in a file, by the models that Grafana generates from its schemas: every value has the type of
# its field, and no field is unknown.
import enum, json, sys, types, typing
from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models import dashboard

plugins.register_default_plugins()


def fits(value, hint):
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any or hint is object:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(one, arguments[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(one, arguments[1]) for one in value.values())
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return value in [one.value for one in hint]
    # Some models keep a part as it was.
    if hasattr(hint, "from_json") and isinstance(value, dict):
        return not mistakes(hint, value)
    return isinstance(value, hint)


def check(model, at, wrong):
    hints = typing.get_type_hints(type(model).__init__) if hasattr(model, "from_json") else {}
    for field, value in (vars(model) if hints else {}).items():
        if not fits(value, hints.get(field, object)):
            wrong.append(f"{at}.{field}: {value!r} is not a {hints[field]}")
        values = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
        for index, one in enumerate(values):
            check(one, f"{at}.{field}[{index}]", wrong)


def lost(before, after, at):
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or key not in after:
                yield f"{at}.{key}"
            else:
                yield from lost(value, after[key], f"{at}.{key}")
    elif isinstance(before, list):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{at}[{index}]")


def mistakes(kind, document):
    model, wrong = kind.from_json(document), []
    check(model, kind.__name__, wrong)
    written = json.loads(json.dumps(model, cls=encoder.JSONEncoder))
    return wrong + list(lost(document, written, kind.__name__))


document = json.load(open(sys.argv[1], encoding="utf-8"))
found = mistakes(dashboard.Dashboard, document)
assert not found, "\n".join(found)
# The models can tell.
panels = document["panels"]
for field, value in (("gridPos", {"h": "8"}), ("titel", "x"), ("targets", [{"expr": 7}]), ("options", {"colourMode": "value"}), ("transformations", [{"id": "organize", "optoins": {}}])):
    broken = {**document, "panels": [{**panels[1], field: value}]}
    assert mistakes(dashboard.Dashboard, broken), field
print(len(panels))

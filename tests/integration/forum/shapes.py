"""A checker for the part of JSON Schema 2020-12 that the forum's OpenAPI document uses. Knows what it does not know: an
unknown keyword is an error, so the document cannot grow past the checker unnoticed."""
import re

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
SILENT = {"default", "description"}


def has_type(value, name):
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def faults(value, schema, document, place="$"):
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        return faults(value, target, document, place)
    if "oneOf" in schema:
        fitting = [one for one in schema["oneOf"] if not faults(value, one, document, place)]
        return [] if len(fitting) == 1 else [f"{place}: fits {len(fitting)} of oneOf"]
    found = []
    for keyword, rule in schema.items():
        found += check(keyword, rule, value, schema, document, place)
    return found


def check(keyword, rule, value, schema, document, place):
    if keyword in SILENT:
        return []
    if keyword == "type":
        names = rule if isinstance(rule, list) else [rule]
        return [] if any(has_type(value, name) for name in names) else [f"{place}: is no {rule}: {value!r}"]
    if keyword == "const":
        return [] if value == rule else [f"{place}: is not {rule!r}"]
    if keyword == "enum":
        return [] if value in rule else [f"{place}: is none of {rule}"]
    if keyword == "format":
        if value is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value):
            return []
        return [f"{place}: is no {rule}"]
    if keyword == "pattern":
        return [] if value is None or re.search(rule, value) else [f"{place}: does not match {rule}: {value!r}"]
    if keyword in ("minLength", "maxLength", "minimum", "maximum", "maxItems"):
        if value is None:
            return []
        size = value if keyword in ("minimum", "maximum") else len(value)
        return [] if (size >= rule if keyword.startswith("min") else size <= rule) else [f"{place}: breaks {keyword} {rule}"]
    if keyword == "uniqueItems":
        return [f"{place}: has an entry twice"] if rule and len({repr(one) for one in value}) < len(value) else []
    if keyword == "items":
        return [fault for i, one in enumerate(value or []) for fault in faults(one, rule, document, f"{place}[{i}]")]
    if keyword == "properties":
        return [fault for name, one in rule.items() if isinstance(value, dict) and name in value
                for fault in faults(value[name], one, document, f"{place}.{name}")]
    if keyword == "required":
        return [f"{place}: lacks {name}" for name in rule if isinstance(value, dict) and name not in value]
    if keyword == "additionalProperties":
        extra = [name for name in value or {} if name not in schema.get("properties", {})]
        if rule is False:
            return [f"{place}: has {name}, which is not in the document" for name in extra]
        return [fault for name in extra for fault in faults(value[name], rule, document, f"{place}.{name}")]
    return [f"{place}: the checker does not know the keyword {keyword}"]

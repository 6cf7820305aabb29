#include "config/fields/reader.h"

#include "config/model/address.h"
#include "config/model/key.h"
#include "config/model/route.h"
#include "config/model/secret.h"
#include "config/model/status_range.h"
#include "config/model/upstream.h"
#include "config/text/duration.h"
#include "config/text/size.h"

namespace switchyard::config {

void Reader::expected(const Json& json, const std::string& at, std::string_view what) {
    fail(at, fmt::format("expected {}, found {}", what, found(json)));
}

std::optional<std::int64_t> Reader::read_number(const Json& json, const std::string& at, const Field& field,
                                                std::int64_t largest) {
    const std::int64_t max = field.max >= 0 ? field.max : largest;
    // A whole number above max is out of range whether or not it fits in 64 bits.
    const bool fits =
        json.is_number_integer() &&
        (!json.is_number_unsigned() ||
         json.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (fits) {
        const auto number = json.get<std::int64_t>();
        if (number >= field.min && number <= max) return number;
    }
    expected(json, at,
             fmt::format("{} from {} to {}", field.bytes ? "a size such as \"16KiB\", or bytes" : "a whole number",
                         field.min, max));
    return std::nullopt;
}

std::optional<std::int64_t> Reader::read_size(const Json& json, const std::string& at, const Field& field) {
    std::string why;
    const auto size = parse_size(json.get_ref<const std::string&>(), &why);
    const std::int64_t max = field.max >= 0 ? field.max : limits::kBytes;
    if (!size) {
        fail(at, fmt::format("{}, found {}", why, found(json)));
        return std::nullopt;
    }
    if (*size > static_cast<std::uint64_t>(max)) {
        expected(json, at, fmt::format("at most {}", size_text(static_cast<std::uint64_t>(max))));
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*size);
}

void Reader::read(const Json& json, const std::string& at, const Field&, bool& out) {
    if (!json.is_boolean()) return expected(json, at, "true or false");
    out = json.get<bool>();
}

void Reader::read(const Json& json, const std::string& at, const Field& field, std::string& out) {
    if (!field.choices.empty())
        return read_choice(json, at, field.choices, [&](const std::string& text) { out = text; });
    if (!json.is_string()) return expected(json, at, "a string");
    out = json.get<std::string>();
}

void Reader::read(const Json& json, const std::string& at, const Field& field, Duration& out) {
    if (!json.is_string()) return expected(json, at, "a duration such as \"500ms\" or \"30s\"");
    std::string why;
    const auto duration = parse_duration(json.get_ref<const std::string&>(), &why);
    if (!duration) return fail(at, fmt::format("{}, found {}", why, found(json)));
    const std::int64_t max = field.max >= 0 ? field.max : limits::kDuration;
    if (duration->count() < field.min || duration->count() > max)
        return expected(
            json, at,
            fmt::format("a duration from {} to {}", duration_text(Duration(field.min)), duration_text(Duration(max))));
    out = *duration;
}

void Reader::read(const Json& json, const std::string& at, const Field&, Address& out) {
    if (!json.is_string()) return expected(json, at, "an address: host:port, [v6]:port or unix:/path");
    std::string why;
    const auto address = Address::parse(json.get_ref<const std::string&>(), &why);
    if (!address) return fail(at, fmt::format("{} is no address: {}", found(json), why));
    out = *address;
}

void Reader::read(const Json& json, const std::string& at, const Field&, Key& out) {
    if (!json.is_string()) return expected(json, at, "a key such as \"header:X-User\", \"cookie:uid\" or \"client\"");
    std::string why;
    const auto key = parse_key(json.get_ref<const std::string&>(), &why);
    if (!key) return fail(at, why);
    out = *key;
}

void Reader::read(const Json& json, const std::string& at, const Field& field, Balance& out) {
    if (json.is_object() && json.size() == 1 && json.contains("hash")) {
        out.kind = Balance::Kind::hash;
        return read(json["hash"], pointer_to(at, "hash"), field, out.hash_key);
    }
    if (json == "hash") return fail(at, "\"hash\" needs its key: {\"hash\": \"header:X-User\"}");
    if (!json.is_string())
        return expected(json, at,
                        fmt::format("one of {}, or {{\"hash\": KEY}}", fmt::join(words<Balance::Kind>(), ", ")));
    read(json, at, field, out.kind);
}

void Reader::read(const Json& json, const std::string& at, const Field&, Condition& out) {
    read_condition(json, at, out, errors);
}

// What stands there is never told.
void Reader::read(const Json& json, const std::string& at, const Field&, Secret& out) {
    if (json.is_string()) return void(out = Secret(json.get<std::string>()));
    if (json.is_object() && json.size() == 1)
        for (const auto& [word, from] : {std::pair{"env", Secret::From::env}, std::pair{"file", Secret::From::file}})
            if (const auto name = json.find(word); name != json.end() && name->is_string())
                return void(out = Secret(from, name->get<std::string>()));
    fail(at, R"(expected a string, {"env": "NAME"} or {"file": "PATH"})");
}

void Reader::read(const Json& json, const std::string& at, const Field&, StatusRange& out) {
    if (json.is_number_integer() && json >= 100 && json <= 599)
        return void(out = StatusRange::one(json.get<std::uint16_t>()));
    if (json.is_string())
        if (const auto& text = json.get_ref<const std::string&>();
            text.size() == 3 && text[0] >= '1' && text[0] <= '5' && text.ends_with("xx"))
            return void(out = StatusRange::of_class(static_cast<unsigned>(text[0] - '0')));
    expected(json, at, "a status from 100 to 599, or a class of them such as \"5xx\"");
}

void Reader::read(const Json& json, const std::string& at, const Field&, Split& out) {
    if (!json.is_object()) return expected(json, at, "upstreams and weights, as in {\"blue\": 95, \"green\": 5}");
    const Field weight{.doc = {}, .max = limits::kWeight};
    for (const auto& item : json.items())
        read(item.value(), pointer_to(at, item.key()), weight, out.emplace_back(item.key(), 0).second);
}

}  // namespace switchyard::config

#include "control/etcd/etcd_wire.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace switchyard::control::etcd {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kShownBody = 200;

Json parsed(std::string_view text) {
    constexpr bool kThrow = false;
    return Json::parse(text, nullptr, kThrow);
}
const Json& part(const Json& object, const char* key) {
    static const Json kNone;
    if (!object.is_object()) return kNone;
    const auto it = object.find(key);
    return it == object.end() ? kNone : *it;
}
std::string text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}
// A string, as the gateway writes it; a number, should another version do so.
std::int64_t number(const Json& value) {
    if (value.is_number_integer()) return value.get<std::int64_t>();
    const auto digits = text(value);
    std::int64_t out = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return out;
}

std::optional<Pair> read_pair(const Json& kv) {
    const auto key = from_base64(text(part(kv, "key"))), value = from_base64(text(part(kv, "value")));
    if (!key || !value || key->empty()) return std::nullopt;
    return Pair{*key, *value, number(part(kv, "mod_revision"))};
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const auto have = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8U | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) out += k <= have ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        std::uint32_t group = 0;
        std::size_t padding = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const char c = text[i + k];
            const auto value = kAlphabet.find(c);
            if (c == '=' && k >= 2 && i + 4 == text.size())
                ++padding;
            else if (value == std::string_view::npos || padding > 0)
                return std::nullopt;
            group = group << 6U | static_cast<std::uint32_t>(c == '=' ? 0 : value);
        }
        for (std::size_t k = 0; k + padding < 3; ++k) out += static_cast<char>(group >> (16 - 8 * k) & 255U);
    }
    return out;
}

std::string range_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 255) end.pop_back();
    if (end.empty()) return std::string(1, '\0');  // to the very end
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

std::string range_request(std::string_view prefix) {
    return Json{{"key", base64(prefix)}, {"range_end", base64(range_end(prefix))}}.dump();
}

std::string watch_request(std::string_view prefix, std::int64_t from_revision) {
    return Json{{"create_request",
                 {{"key", base64(prefix)},
                  {"range_end", base64(range_end(prefix))},
                  {"start_revision", std::to_string(from_revision)}}}}
        .dump();
}

std::string authenticate_request(std::string_view user, std::string_view password) {
    return Json{{"name", std::string(user)}, {"password", std::string(password)}}.dump(-1, ' ', false,
                                                                                       Json::error_handler_t::replace);
}

std::optional<RangeAnswer> read_range(std::string_view body, std::string* why) {
    const auto document = parsed(body);
    RangeAnswer out;
    out.revision = number(part(part(document, "header"), "revision"));
    // A header is never left out: without one it is half an answer, or not etcd's.
    if (out.revision <= 0) {
        *why = "the answer is not etcd's";
        return std::nullopt;
    }
    const auto& kvs = part(document, "kvs");
    if (part(document, "more") == true) {
        *why = "the answer is only a part";
        return std::nullopt;
    }
    if (kvs.is_array())
        for (const auto& kv : kvs) {
            auto pair = read_pair(kv);
            if (!pair) {
                *why = "a key of the answer is malformed";
                return std::nullopt;
            }
            out.pairs.push_back(std::move(*pair));
        }
    return out;
}

std::optional<std::string> read_token(std::string_view body) {
    auto token = text(part(parsed(body), "token"));
    if (token.empty()) return std::nullopt;
    return token;
}

WatchLine read_watch_line(std::string_view line) {
    using Kind = WatchLine::Kind;
    WatchLine out;
    const auto document = parsed(line);
    if (const auto& error = part(document, "error"); !error.is_null()) {
        out.why = error.is_string() ? text(error) : text(part(error, "message"));
        return out;
    }
    const auto& result = part(document, "result");
    if (!result.is_object()) {
        out.why = "the watch says what is no event";
        return out;
    }
    out.revision = number(part(part(result, "header"), "revision"));
    if (part(result, "canceled") == true) {
        out.kind = number(part(result, "compact_revision")) > 0 ? Kind::compacted : Kind::canceled;
        out.why = text(part(result, "cancel_reason"));
        return out;
    }
    const auto& events = part(result, "events");
    if (!events.is_array() || events.empty()) {
        out.kind = part(result, "created") == true ? Kind::created : Kind::progress;
        return out;
    }
    out.kind = Kind::events;
    for (const auto& event : events) {
        WatchEvent one;
        one.deleted = text(part(event, "type")) == "DELETE";
        auto pair = read_pair(part(event, "kv"));
        if (!pair) {
            out.kind = Kind::broken;
            out.why = "an event of the watch is malformed";
            return out;
        }
        one.pair = std::move(*pair);
        out.events.push_back(std::move(one));
    }
    return out;
}

std::string error_message(unsigned status, std::string_view body) {
    const auto document = parsed(body);
    auto message = text(part(document, "message"));
    const auto& error = part(document, "error");
    if (message.empty()) message = error.is_string() ? text(error) : text(part(error, "message"));
    if (message.empty()) message = std::string(body.substr(0, kShownBody));
    return fmt::format("{} {}", status, message);
}

}  // namespace switchyard::control::etcd

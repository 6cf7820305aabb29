#include "proxy/compress/fitness.h"

#include <charconv>

#include "proxy/compress/accept_encoding.h"
#include "proxy/http/characters.h"

namespace switchyard::compress {
namespace {

template <class Each>
void each_value(const char* base, const http::Head& head, std::string_view lower, Each each) {
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (!head.fields[i].drop && http::equals_lower(head.fields[i].name.of(base), lower))
            each(head.fields[i].value.of(base));
}

// Whether that member is in the lists of this name.
bool lists(const char* base, const http::Head& head, std::string_view name, std::string_view member) {
    bool found = false;
    each_value(base, head, name, [&](std::string_view value) {
        while (!value.empty()) found = found || http::equals_lower(http::take_member(value), member);
    });
    return found;
}

// It is coded already, or its octets are signed for.
bool is_sealed(const Heads& heads) {
    constexpr std::string_view kSeals[] = {"content-md5", "content-digest", "repr-digest", "digest", "content-range"};
    bool sealed = false;
    each_value(heads.base, heads.answer, "content-encoding",
               [&](std::string_view value) { sealed = sealed || !http::equals_lower(value, "identity"); });
    for (const auto name : kSeals) sealed = sealed || value_of(heads.base, heads.answer, name);
    return sealed || lists(heads.base, heads.answer, "cache-control", "no-transform") ||
           lists(heads.asked_base, heads.asked, "cache-control", "no-transform");
}

bool has_body(std::uint16_t status) {
    constexpr std::uint16_t kNoContent = 204, kReset = 205, kPartial = 206;
    return status >= 200 && status < 300 && status != kNoContent && status != kReset && status != kPartial;
}

// What the endpoint says of it; of an answer to HEAD nothing else is known.
std::optional<std::uint64_t> length_of(const Heads& heads) {
    if (heads.length || heads.method != "HEAD") return heads.length;
    const http::Field* const field = heads.answer.find(http::FieldName::content_length);
    if (field == nullptr) return std::nullopt;
    const std::string_view text = field->value.of(heads.base);
    std::uint64_t length = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{}) return std::nullopt;
    return length;
}

}  // namespace

std::optional<std::string_view> value_of(const char* base, const http::Head& head, std::string_view lower) {
    for (std::uint16_t i = 0; i < head.field_count; ++i)
        if (!head.fields[i].drop && http::equals_lower(head.fields[i].name.of(base), lower))
            return head.fields[i].value.of(base);
    return std::nullopt;
}

std::optional<config::Encoding> wanted_by(const config::Compress& compress, const char* asked_base,
                                          const http::Head& asked) {
    if (asked.minor == 0) return std::nullopt;  // HTTP/1.0 has no framing for a length that is not known
    AcceptEncoding accepted;
    each_value(asked_base, asked, "accept-encoding", [&](std::string_view value) {
        while (!value.empty()) accepted.add(http::take_member(value));
    });
    return accepted.choose(compress.encodings);
}

bool is_of_type(std::string_view content_type, const config::Compress& compress) {
    const std::string_view type = http::trim(content_type.substr(0, content_type.find(';')));
    for (const std::string_view entry : compress.types) {
        if (entry == "*" || http::equals_ignoring_case(type, entry)) return true;
        if (!entry.ends_with("/*")) continue;
        const std::string_view kind = entry.substr(0, entry.size() - 1);  // with its slash
        if (type.size() > kind.size() && http::equals_ignoring_case(type.substr(0, kind.size()), kind)) return true;
    }
    return false;
}

Fitness fitness_of(const config::Compress& compress, const Heads& heads) {
    constexpr std::uint16_t kNotModified = 304;
    Fitness out;
    out.unchanged = heads.answer.status == kNotModified;
    if (!out.unchanged) {
        if (!has_body(heads.answer.status) || is_sealed(heads)) return out;
        const auto type = value_of(heads.base, heads.answer, "content-type");
        if (!type || !is_of_type(*type, compress)) return out;
        const auto length = length_of(heads);
        if (length && (*length < compress.min_size || *length == 0)) return out;
    } else if (is_sealed(heads)) {
        return out;
    }
    out.varies = true;
    const auto chosen = wanted_by(compress, heads.asked_base, heads.asked);
    if (!chosen) return out;
    out.is_coded = true;
    out.encoding = *chosen;
    return out;
}

}  // namespace switchyard::compress

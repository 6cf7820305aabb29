#include "config/model/key.h"

#include <fmt/format.h>

#include "config/text/nearest.h"
#include "config/text/spelling.h"

namespace switchyard::config {

bool has_name(Key::Source source) {
    switch (source) {
        case Key::Source::header:
        case Key::Source::cookie:
        case Key::Source::query:
        case Key::Source::claim:
            return true;
        case Key::Source::client:
        case Key::Source::method:
        case Key::Source::path:
        case Key::Source::host:
            break;
    }
    return false;
}

bool is_certificate_claim(const Key& key) {
    return key.source == Key::Source::claim && key.name.starts_with("client.");
}

const std::vector<std::string> kCertificateClaims{"verified", "error",  "subject", "cn",          "dns",      "uri",
                                                  "email",    "serial", "issuer",  "fingerprint", "not_after"};

std::string key_text(const Key& key) {
    if (!has_name(key.source)) return std::string(word(key.source));
    return fmt::format("{}:{}", word(key.source), key.name);
}

std::optional<Key> parse_key(std::string_view text, std::string* why) {
    const auto refuse = [&](std::string reason) {
        if (why) *why = std::move(reason);
        return std::nullopt;
    };
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    const auto source = parse_word<Key::Source>(kind);
    if (!source) return refuse("unknown kind of key " + unknown_word(kind, words<Key::Source>()));
    if (!has_name(*source)) {
        if (colon != std::string_view::npos) return refuse(fmt::format("\"{}\" takes no name after it", kind));
        return Key{*source, {}};
    }
    if (colon == std::string_view::npos || colon + 1 == text.size())
        return refuse(fmt::format("expected a name, as in \"{}:NAME\"", kind));
    return Key{*source, std::string(text.substr(colon + 1))};
}

}  // namespace switchyard::config

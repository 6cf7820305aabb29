#include "config/check/checks.h"

#include <algorithm>
#include <cctype>

#include "config/check/http_syntax.h"
#include "config/model/key.h"
#include "config/model/limits.h"
#include "config/text/utf8.h"

namespace switchyard::config {

void Checks::name(const std::string& at, std::string_view text) {
    const auto legal = [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) || c == '-' || c == '_' || c == '.');
    };
    if (text.empty()) return fail(at, "expected a name, found an empty one");
    if (text.size() > limits::kNameLength)
        return fail(at, fmt::format("a name has at most {} characters", limits::kNameLength));
    if (!std::ranges::all_of(text, legal) || !std::isalnum(static_cast<unsigned char>(text.front())))
        fail(at, fmt::format(
                     "\"{}\" is no name: expected letters, digits, '.', '_' and '-', beginning with a letter or digit",
                     text));
}

void Checks::upstream_exists(const std::string& at, const std::string& upstream) {
    if (!model.upstreams.contains(upstream)) fail(at, "no upstream is named " + unknown_word(upstream, upstream_names));
}

void Checks::header_name(const std::string& at, std::string_view text) {
    if (!is_token(text)) fail(at, fmt::format("\"{}\" is no header name", text));
}

void Checks::text(const std::string& at, std::string_view text, std::size_t most) {
    if (text.size() > most) fail(at, fmt::format("at most {} bytes are allowed here, found {}", most, text.size()));
    if (!is_utf8(text)) fail(at, "expected UTF-8 text");
}

void Checks::key(const std::string& at, const Key& key, bool verified) {
    switch (key.source) {
        case Key::Source::header:
            return header_name(at, key.name);
        case Key::Source::cookie:
            if (!is_token(key.name)) fail(at, fmt::format("\"{}\" is no cookie name", key.name));
            return;
        case Key::Source::query:
            if (key.name.empty()) fail(at, "expected the name of a query parameter");
            return text(at, key.name, limits::kNameLength);
        case Key::Source::claim:
            if (key.name.empty()) fail(at, "expected the name of a claim");
            if (is_certificate_claim(key)) {
                const auto word = key.name.substr(std::string_view("client.").size());
                if (std::find(kCertificateClaims.begin(), kCertificateClaims.end(), word) == kCertificateClaims.end())
                    fail(at, "of a client's certificate there is no claim " + unknown_word(word, kCertificateClaims));
                return;
            }
            if (!verified) fail(at, "claims can be used only where the route has \"jwt\", which verifies them");
            return text(at, key.name, limits::kNameLength);
        case Key::Source::client:
        case Key::Source::method:
        case Key::Source::path:
        case Key::Source::host:
            break;
    }
    if (!key.name.empty()) fail(at, "client, method, path and host take no name");
}

}  // namespace switchyard::config

#include "proxy/route/said_client.h"

#include <algorithm>

#include "proxy/http/characters.h"

namespace switchyard::route {
namespace {

// The part of `rest` before the next `mark` that stands outside quotes (RFC 9110 §5.6.4); `rest` is what follows it.
std::string_view take_outside_quotes(std::string_view& rest, char mark) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size(); ++end) {
        const char c = rest[end];
        if (c == '"') quoted = !quoted;
        if (c == '\\' && quoted) ++end;
        if (c == mark && !quoted) break;
    }
    end = std::min(end, rest.size());
    const auto out = http::trim(rest.substr(0, end));
    rest = end == rest.size() ? std::string_view{} : rest.substr(end + 1);
    return out;
}

std::string_view unquoted(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

bool is_port(std::string_view text) {
    constexpr std::size_t kDigits = 5;
    return !text.empty() && text.size() <= kDigits && http::all(text, http::kDigit);
}

// Takes the members from the first to the last.
class Chain {
  public:
    explicit Chain(const CidrSet& trusted) : trusted_(trusted) {}

    void add(std::string_view node, std::string_view element) {
        const auto address = parse_node(node);
        if (!address.is_ip)
            said_ = {};  // what stands above it is hidden
        else if (!said_.client.is_ip || !trusted_.contains(address))
            said_ = {address, element};
    }
    const Said& said() const { return said_; }

  private:
    const CidrSet& trusted_;
    Said said_;
};

void add_line(Chain& chain, std::string_view value, bool forwarded) {
    while (!value.empty()) {
        const auto member = forwarded ? take_outside_quotes(value, ',') : http::take_member(value);
        if (member.empty()) continue;  // RFC 9110 §5.6.1
        if (forwarded)
            chain.add(parameter_of(member, "for"), member);
        else
            chain.add(member, {});
    }
}

}  // namespace

std::string_view parameter_of(std::string_view element, std::string_view lower_name) {
    while (!element.empty()) {
        const auto pair = take_outside_quotes(element, ';');
        const auto equals = pair.find('=');
        if (equals == pair.npos || !http::equals_lower(http::trim(pair.substr(0, equals)), lower_name)) continue;
        return unquoted(http::trim(pair.substr(equals + 1)));
    }
    return {};
}

ClientAddress parse_node(std::string_view text) {
    text = unquoted(http::trim(text));
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return {};
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return {};
        const auto inside = text.substr(1, end - 1);
        return inside.find(':') == inside.npos ? ClientAddress{} : ClientAddress::parse(inside);
    }
    const auto colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) == text.npos) {
        if (!is_port(text.substr(colon + 1))) return {};
        text = text.substr(0, colon);
    }
    return ClientAddress::parse(text);
}

Said said_client(const char* base, const http::Head& head, std::string_view header, const CidrSet& trusted,
                 const ClientAddress& peer) {
    using enum http::FieldName;
    http::FieldName id = http::field_name(header);
    if (header.empty()) id = head.has(x_forwarded_for) ? x_forwarded_for : forwarded;
    const bool by_name = id == other || id == claim;
    if (!by_name && !head.has(id)) return {peer, {}};
    Chain chain(trusted);
    for (std::uint16_t i = 0; i < head.field_count; ++i) {
        const auto& field = head.fields[i];
        if (by_name ? http::equals_lower(field.name.of(base), header) : field.id == id)
            add_line(chain, field.value.of(base), id == forwarded);
    }
    return chain.said().client.is_ip ? chain.said() : Said{peer, {}};
}

}  // namespace switchyard::route

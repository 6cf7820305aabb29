#include "proxy/compress/accept_encoding.h"

#include "proxy/http/characters.h"

namespace switchyard::compress {
namespace {

// "0", "0.5", "1.000": in thousandths; -1: it is none.
int parse_quality(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return -1;
    int value = (text[0] - '0') * 1000;
    text.remove_prefix(1);
    if (text.empty()) return value;
    if (text[0] != '.' || text.size() > 4) return -1;
    int weight = 100;
    for (const char c : text.substr(1)) {
        if (!http::is(c, http::kDigit)) return -1;
        value += (c - '0') * weight;
        weight /= 10;
    }
    return value <= 1000 ? value : -1;
}

}  // namespace

void AcceptEncoding::add(std::string_view member) {
    const auto end = member.find(';');
    const std::string_view name = http::trim(member.substr(0, end));
    int quality = kFull;
    if (end != std::string_view::npos) {
        const std::string_view weight = http::trim(member.substr(end + 1));
        const bool is_weight = weight.size() > 2 && http::lower(weight[0]) == 'q' && weight[1] == '=';
        quality = is_weight ? parse_quality(weight.substr(2)) : -1;
        if (quality < 0) quality = 0;
    }
    const auto is = [&](std::string_view lower) { return http::equals_lower(name, lower); };
    if (is("gzip") || is("x-gzip"))
        note(said_[static_cast<std::size_t>(config::Encoding::gzip)], quality);
    else if (is("br"))
        note(said_[static_cast<std::size_t>(config::Encoding::brotli)], quality);
    else if (is("zstd"))
        note(said_[static_cast<std::size_t>(config::Encoding::zstd)], quality);
    else if (is("identity"))
        note(identity_, quality);
    else if (is("*"))
        note(others_, quality);
}

int AcceptEncoding::quality(config::Encoding encoding) const {
    const int said = said_[static_cast<std::size_t>(encoding)];
    if (said != kUnsaid) return said;
    return others_ == kUnsaid ? 0 : others_;
}

std::optional<config::Encoding> AcceptEncoding::choose(std::span<const config::Encoding> offered) const {
    std::optional<config::Encoding> best;
    // No coding is always taken, and liked better only where that is said.
    int most = identity_ == kUnsaid ? 0 : identity_;
    for (const config::Encoding encoding : offered) {
        const int its = quality(encoding);
        const bool better = best ? its > most : its > 0 && its >= most;
        if (!better) continue;
        best = encoding;
        most = its;
    }
    return best;
}

}  // namespace switchyard::compress

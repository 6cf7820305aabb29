#include "proxy/net/tls_book.h"

#include <algorithm>

namespace switchyard::net {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035
constexpr std::size_t kLongestLabel = 63;

bool same_kind(const TlsBook::Identity& a, const TlsBook::Identity& b) {
    return a->is_rsa() == b->is_rsa();
}

}  // namespace

std::string TlsBook::normal(std::string_view server_name) {
    if (!server_name.empty() && server_name.back() == '.') server_name.remove_suffix(1);
    if (server_name.empty() || server_name.size() > kLongestName) return {};
    std::string out;
    std::size_t label = 0;
    bool letter_in_last = false;  // the last label of an address is a number
    for (char c : server_name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '.') {
            if (label == 0) return {};
            label = 0;
            letter_in_last = false;
        } else {
            const bool letter = (c >= 'a' && c <= 'z') || c == '-' || c == '_';
            if (!letter && !(c >= '0' && c <= '9')) return {};
            if (++label > kLongestLabel) return {};
            letter_in_last = letter_in_last || letter;
        }
        out += c;
    }
    return label != 0 && letter_in_last ? out : std::string();
}

std::string TlsBook::add(const Identity& identity) {
    std::string claimed;
    for (const auto& name : identity->names) {
        const bool wildcard = name.starts_with("*.");
        auto& held = wildcard ? wildcards_[name.substr(1)] : exact_[name];
        if (std::any_of(held.begin(), held.end(), [&](const auto& other) { return other == identity; })) continue;
        if (std::any_of(held.begin(), held.end(), [&](const auto& other) { return same_kind(other, identity); })) {
            if (claimed.empty()) claimed = name;
            continue;
        }
        held.push_back(identity);
    }
    return claimed;
}

const TlsBook::Identities* TlsBook::find(std::string_view server_name) const {
    const std::string name = normal(server_name);
    if (name.empty()) return nullptr;
    if (const auto exact = exact_.find(name); exact != exact_.end()) return &exact->second;
    const auto dot = name.find('.');
    if (dot == name.npos || dot == 0) return nullptr;
    const auto wildcard = wildcards_.find(std::string_view(name).substr(dot));
    return wildcard == wildcards_.end() ? nullptr : &wildcard->second;
}

}  // namespace switchyard::net

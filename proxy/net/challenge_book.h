// What an authority that asks whether a host is ours is answered with: open challenges of ACME.
//
// http-01 (RFC 8555 §8.3): the key authorization by its token, whichever program asked for it: this one, or another
//   one that puts its tokens in a folder. tls-alpn-01 (RFC 8737): a certificate by the host name, shown only to a
//   client that speaks acme-tls/1 and nothing else.
// Invariants: immutable once it is in a snapshot. Threads: filled by control, any may look. Owns: the identities.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/net/tls_book.h"

namespace switchyard::net {

struct ChallengeBook {
    using Answers = std::map<std::string, std::string, std::less<>>;  // token → key authorization
    Answers answers;
    std::map<std::string, Answers> folders;  // of others, by path
    std::map<std::string, TlsBook::Identity, std::less<>> hosts;

    bool empty() const { return answers.empty() && folders.empty() && hosts.empty(); }
    bool operator==(const ChallengeBook&) const = default;

    // Null: not open. `folder`: where else this listener looks; empty: nowhere.
    const std::string* answer(std::string_view token, const std::string& folder) const {
        if (const auto found = answers.find(token); found != answers.end()) return &found->second;
        const auto others = folder.empty() ? folders.end() : folders.find(folder);
        if (others == folders.end()) return nullptr;
        const auto found = others->second.find(token);
        return found == others->second.end() ? nullptr : &found->second;
    }
    // The host in the form of TlsBook::normal.
    TlsBook::Identity proof(std::string_view host) const {
        const auto found = hosts.find(host);
        return found == hosts.end() ? nullptr : found->second;
    }
};

}  // namespace switchyard::net

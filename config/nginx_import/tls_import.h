// `ssl_…` of http and server → certificates and the tls of listeners.
//
// In nginx an address speaks TLS, and each server at it has its certificates; here the listener has those of all its
// servers and shows the one whose names fit. A server without a certificate that can be carried over speaks TLS no
// more, and its directives are told of as lost.
// Threads: plain values; points into the tree. Errors: notes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/forward.h"
#include "config/model/listener.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

class ServerTls {
  public:
    // What holds inside a block: a kind that the block names itself replaces what was said around it.
    ServerTls under(const std::vector<Directive>& block) const;
    // Directives of which ServerTls says all there is to say, where the server's TLS is carried over.
    static bool knows(std::string_view name);

    // There is a certificate with its key.
    bool can_be_carried() const;
    bool says_ssl_on() const { return on_; }
    // Whom its clients must be signed by; nothing: nginx goes by what has no counterpart.
    std::optional<ClientCertificates> client(const std::filesystem::path& folder) const;
    // Adds the certificates to the model and the listener; `folder`: where nginx looks for names without a slash.
    void into(Model& model, Listener& listener, bool is_default, const std::string& wish,
              const std::filesystem::path& folder) const;
    // What is not carried over exactly.
    void note(Notes& notes) const;

  private:
    const Directive* find(std::string_view name) const;

    std::vector<const Directive*> chains_, keys_, others_;
    const Directive* verify_ = nullptr;
    bool on_ = false;
};

}  // namespace switchyard::config::nginx

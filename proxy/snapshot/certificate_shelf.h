// Certificates that have been read, and the TLS policies made of them, kept over generations.
//
// Reading a certificate costs 0.4 ms and an SSL_CTX 0.1 ms of control's time: a change that concerns neither must cost
// nothing. Files are looked at (stat) whenever a generation is made; only changed ones are read. A policy with the same
// settings and certificates is the same object, so that connections see whether theirs has changed.
// Threads: control only. Owns: what it holds; snapshots share it. Errors: sentences that name the file and the cure.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/error.h"
#include "config/model.h"
#include "proxy/net/tls_policy.h"

namespace switchyard {

class CertificateShelf {
  public:
    // Null when there were errors, which are added with pointers that begin with `at` (the listener) or /certificates.
    std::shared_ptr<const net::TlsPolicy> policy(const config::Model& model, const config::Listener& listener,
                                                 const std::string& at, std::vector<config::Error>& errors);
    // Forgets what no snapshot holds.
    void release();

  private:
    struct Stamp {
        std::uint64_t device = 0, inode = 0;
        std::int64_t size = 0, seconds = 0, nanoseconds = 0;
        bool operator==(const Stamp&) const = default;
    };
    struct Kept {
        Stamp chain, key;
        net::TlsBook::Identity identity;
    };
    struct Made {
        config::ListenerTls settings;
        std::vector<net::TlsBook::Identity> identities;
        std::weak_ptr<const net::TlsPolicy> policy;
    };
    net::TlsBook::Identity identity(const config::Certificate& certificate, std::string* why);
    static bool look(const std::string& path, Stamp& stamp, std::string* why);
    static bool read(const std::string& path, std::string& bytes, std::string* why);

    std::map<std::pair<std::string, std::string>, Kept> kept_;  // by the files
    std::vector<Made> made_;
    std::shared_ptr<const net::TicketKeys> tickets_;
};

}  // namespace switchyard

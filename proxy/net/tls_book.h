// Which certificate answers to which name: what a listener shows for the name that a client hello asks for.
//
// Invariants: immutable after it was filled; exact names win over wildcards, "*.a.test" stands for one label before
//   ".a.test" and for nothing else. Per name at most one identity for each kind of key (ECDSA and RSA side by side:
//   OpenSSL takes the one that the client can verify).
// Threads: any may look; filled by control. Owns: shared with the registry.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/net/tls_identity.h"

namespace switchyard::net {

class TlsBook {
  public:
    using Identity = std::shared_ptr<const TlsIdentity>;
    using Identities = std::vector<Identity>;  // one or two

    // The name that is claimed already by another identity with the same kind of key, or nothing when all were taken.
    std::string add(const Identity& identity);
    // The server_name of a client hello as it came; null: unknown, or no name that a certificate can have.
    const Identities* find(std::string_view server_name) const;

    // Lower case, without one trailing dot; empty for what is no host name (an address, rubbish).
    static std::string normal(std::string_view server_name);

  private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Table = std::unordered_map<std::string, Identities, Hash, std::equal_to<>>;
    Table exact_;
    Table wildcards_;  // by what stands behind the '*': ".a.test"
};

}  // namespace switchyard::net

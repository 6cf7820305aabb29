// Whom a listener or a route lets in, compiled: the narrowest block that a client is in decides, found by halving, so
// that ten thousand blocks cost a request what twenty do.
//
// Invariants: what it was made of has passed validate(). An IPv4 client is named by IPv4 blocks alone, even where it
//   comes as a mapped IPv6 address.
// Immutable; shared by all workers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/model/access.h"
#include "proxy/route/cidr_set.h"

namespace switchyard::route {

class AccessList {
  public:
    struct Entry {
        std::string text;  // as written
        bool allows = false;
    };

    explicit AccessList(const config::Access& source);
    // Null where there is nothing to ask.
    static std::shared_ptr<const AccessList> made_of(const config::Access& source);

    // Null: none names the client.
    const Entry* deciding(const ClientAddress& client) const;
    bool admits(const ClientAddress& client) const {
        const Entry* const entry = deciding(client);
        return entry == nullptr ? !allows_some_ : entry->allows;
    }
    // Whether only those are let in whom an entry names.
    bool allows_some() const { return allows_some_; }

  private:
    static constexpr std::int32_t kNobody = -1;
    using Octets = std::array<std::uint8_t, 16>;
    // From this address on that entry decides, until the next border.
    struct Border {
        Octets from;
        std::int32_t entry;
    };
    using Borders = std::vector<Border>;
    struct Network {
        Octets first, last;
        unsigned bits;
        std::int32_t entry;
    };
    static Borders borders_between(std::vector<Network> networks);

    std::vector<Entry> entries_;
    Borders v4_, v6_;
    std::int32_t all_ = kNobody, unix_ = kNobody;
    bool allows_some_;
};

}  // namespace switchyard::route

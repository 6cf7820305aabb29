// Sessions of browsers that last longer than a page: begun with a token, or with a code that the holder of a token
// has asked for. Kept in memory: a restart ends them all.
//
// A session is two secrets. `cookie` goes where no script can read it, and with every call of the browser, also to
// whatever else answers at this host on another port; `proof` is kept by the page, and no other page gets it. A call
// needs both.
// Invariants: secrets are known by their SHA-256 alone; a code begins one session, and none after kCodeLife.
// Bounded: kMostSessions and kMostCodes; beyond, the one that ends first is ended.
// Threads: control. Pure but for the kernel's random bytes: the clock is a parameter.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "control/admin/call/tokens.h"

namespace switchyard::control {

class BrowserSessions {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::hours kLife{12};  // a working day
    static constexpr std::chrono::seconds kCodeLife{60};
    static constexpr std::size_t kMostSessions = 256, kMostCodes = 64;

    struct Begun {
        std::string cookie, proof;
    };
    struct Found {
        Identity who;
        bool proven = false;
        std::chrono::seconds left{};
    };

    BrowserSessions();
    // Differs between processes at one host, which share a browser's cookies whatever their ports.
    const std::string& cookie_name() const { return cookie_name_; }

    Begun begin(const Identity& who, Time now);
    std::optional<Found> find(std::string_view cookie, std::string_view proof, Time now) const;
    void end(std::string_view cookie);

    std::string make_code(const Identity& who, Time now);
    std::optional<Identity> redeem(std::string_view code, Time now);

  private:
    struct Session {
        Identity who;
        std::string proof;  // its digest
        Time ends;
    };
    struct Code {
        Identity who;
        Time ends;
    };
    std::string cookie_name_;
    std::map<std::string, Session> sessions_;  // by the digest of the cookie
    std::map<std::string, Code> codes_;        // by their digest
};

// The value of that cookie in a Cookie field; empty: it is not there.
std::string_view cookie_of(std::string_view field, std::string_view name);

}  // namespace switchyard::control

// The doors by which certificates that are asked for reach the process around them.
//
// What stands behind outlives what asks. Threads: control.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/model/forward.h"
#include "proxy/net/challenge_book.h"

namespace switchyard::control::acme {

// The workers, as those who answer challenges.
class Answerers {
  public:
    virtual ~Answerers() = default;
    // This book, from now on; null: none is open. False: it could not be put in force.
    virtual bool publish(std::shared_ptr<const switchyard::net::ChallengeBook> book) = 0;
    // Calls when every worker goes by what was published.
    virtual void everywhere(std::function<void()> then) = 0;
};

// The certificates in force.
class InForce {
  public:
    virtual ~InForce() = default;
    virtual const config::Model& model() const = 0;
    virtual switchyard::net::TlsBook::Identity identity(const std::string& name) const = 0;  // null: none
    // The files are looked at; then they are in force everywhere, or could not be.
    virtual void look(std::function<void(bool)> done) = 0;
    virtual std::int64_t now() const = 0;  // seconds since 1970
};

// The orders of all certificates: each has its turn, and says what becomes of it.
class Orders {
  public:
    virtual ~Orders() = default;
    // `take` when its turn has come; `release` when it has ended. False of `take`: what asked is gone, and needs none.
    virtual void turn(std::function<bool()> take) = 0;
    virtual void release() = 0;
    // For events, log and metrics.
    enum class News : std::uint8_t { asking, issued, failed };
    virtual void tell(const std::string& name, News news, const std::string& detail) = 0;
};

}  // namespace switchyard::control::acme

// The doors by which names reach the process around them; a test stands behind each of them instead.
//
// What stands behind outlives the names. Threads: control.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/names/address_book.h"

namespace switchyard::control {

using AddressRows = std::map<std::string, std::vector<std::string>>;  // by name

// What is in force, by which addresses, and who there answers.
class NamesInForce {
  public:
    virtual ~NamesInForce() = default;
    virtual const config::Model& model() const = 0;
    virtual std::uint64_t published() const = 0;  // KnownAddresses::version of what the workers were given last
    virtual bool usable(const std::string& upstream, const std::string& member) const = 0;
};

// Whom what was found is given to.
class AddressReaders {
  public:
    virtual ~AddressReaders() = default;
    virtual void follow(const KnownAddresses& known) = 0;   // health checks and ejections
    virtual void publish(const KnownAddresses& known) = 0;  // to the workers
    virtual void keep(const AddressRows& rows) = 0;         // last good ones; a name without any is forgotten
    virtual void tell(const AddressBook::News& news) = 0;
};

}  // namespace switchyard::control

// Brings what is known of names into force: for the data plane, the health checks and the store alike.
//
// A change of addresses makes no generation. The generation in force is published again with them (WorkerPool orders by
//   generation, then by facts), at most once per kPace for all names together. A former address stays until one of the
//   present ones is usable, or it is of no use itself; then its connections drain as those of a removed endpoint do.
// Threads: control. Nothing here waits for a look-up.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "config/model/endpoint.h"
#include "config/model/forward.h"
#include "config/model/process.h"
#include "control/names/address_book.h"
#include "control/names/doors.h"
#include "control/names/name_watch.h"

namespace switchyard::control {

class Names {
  public:
    static constexpr std::chrono::milliseconds kPace{200};

    struct Doors {
        const NamesInForce& in_force;
        AddressReaders& readers;
    };

    // `restored`: what keep() was given by earlier runs.
    Names(boost::asio::any_io_executor executor, const config::Resolver& settings, Doors doors,
          const AddressRows& restored, NameWatch::Files files = {});

    // Before a configuration is compiled: what is in the file of hosts is known from here on, the rest is asked for.
    void introduce(const config::Model& model);
    // This configuration is in force.
    void follow(const config::Model& model);
    // What was found for an upstream, taken up with the next look.
    void discovered(const std::string& upstream, std::vector<config::Endpoint> endpoints);
    // An endpoint went up or down: a former address may have become needless.
    void health_changed();
    void stop();

    const KnownAddresses& known() const { return book_.known(); }
    AddressBook::Sight sight(const std::string& name) const { return book_.sight(name); }
    bool all_asked() const;

  private:
    void arm();
    void take_up();
    bool needless(const std::string& name) const;

    const Doors doors_;
    AddressBook book_;
    NameWatch watch_;
    boost::asio::steady_timer pace_;
    bool armed_ = false;
    bool stopped_ = false;
    std::chrono::steady_clock::time_point last_{};
};

// The names that endpoints of this configuration have.
std::set<std::string> names_of(const config::Model& model);

}  // namespace switchyard::control

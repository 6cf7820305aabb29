// The book of names: which addresses each name has, as far as is known, and when it is looked up next.
//
// Invariants: what failed is no answer: no error, no silence and no empty answer takes an address away; only a complete
//   answer that names others does, and then the former ones stay, as `leaving`, until let_go() says that they are
//   needed no more. known() changes with the addresses and with nothing else. The file of hosts stands before the name
//   servers; "localhost" is 127.0.0.1 and never asked for: who listens there listens on one family, mostly this one.
// Times: an answer holds as long as its least TTL says, at least kTtlFloor, at most kTtlCeiling, less up to a tenth, so
//   that names do not march in step; after a failure kFirstRetry, doubled each time, at most kLastRetry, less up to
//   half.
// Pure: no clock, no file, no socket; chance is a parameter. Bounded: kRemembered names that are configured no more (an
//   undo finds their addresses at once), kMostAddresses of one name. Threads: one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/names/hosts_file.h"
#include "proxy/snapshot/known_addresses.h"

namespace switchyard::control {

class AddressBook {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kTtlFloor{1};  // records of a local server often have TTL 0
    static constexpr std::chrono::seconds kTtlCeiling{300};
    static constexpr std::chrono::seconds kFirstRetry{1};
    static constexpr std::chrono::seconds kLastRetry{30};
    static constexpr std::chrono::seconds kFirstLook{5};  // all_asked() waits no longer for a silent server
    static constexpr std::size_t kRemembered = 1024;
    static constexpr std::size_t kMostAddresses = 256;

    // A name is two questions.
    enum class Family : std::uint8_t { v4, v6 };
    struct Answer {
        bool complete = false;               // all there is, be it nothing
        std::vector<std::string> addresses;  // in canonical form
        std::chrono::seconds ttl{0};
        std::string why;  // it is not complete
    };

    // Something to tell the operator.
    struct News {
        enum class Kind : std::uint8_t { moved, failed, well_again };
        Kind kind = Kind::moved;
        std::string name;
        std::vector<std::string> before, now;  // moved
        std::string why;                       // failed
    };

    enum class Standing : std::uint8_t {
        current,  // the newest look-up says so
        stale,    // the newest look-up failed, or there was none yet: the last good addresses are used
        unknown,  // no address is known
    };
    struct Sight {
        Standing standing = Standing::unknown;
        std::vector<std::string> addresses;  // in use, `leaving` among them
        std::vector<std::string> leaving;
        std::string why;  // it is not current
    };

    // `chance`: uniform in [0, 1).
    explicit AddressBook(std::function<double()> chance) : chance_(std::move(chance)) {}

    // Last good addresses of an earlier run. Before anything else.
    void restore(const std::string& name, std::vector<std::string> addresses, Time now);
    // Names that a configuration under way speaks of: looked up once, so that it finds their addresses.
    void introduce(const std::set<std::string>& names, Time now);
    // The names of the configuration in force: these are kept fresh, others are not.
    void follow(const std::set<std::string>& names, Time now);
    void hosts(HostsFile entries, Time now);
    // What must be asked now, at most `most` names, each in both families; they count as being asked from here on.
    std::vector<std::string> due(Time now, std::size_t most);
    std::optional<Time> next_due() const;
    void heard(const std::string& name, Family family, Answer answer, Time now);
    // The server may be another one from here on: what failed is due.
    void ask_again(Time now);

    // What was found for an upstream; a fact that is kept here with the others, so that they have one version.
    void discovered(const std::string& upstream, std::vector<config::Endpoint> endpoints);

    const KnownAddresses& known() const { return known_; }
    std::vector<std::string> with_leaving() const;
    void let_go(const std::string& name);
    Sight sight(const std::string& name) const;
    bool watches_any() const;                         // there are names in force, or questions to be asked
    bool had_outcome(const std::string& name) const;  // of a look-up, good or bad
    // Every name in force has an address, or was asked for in vain.
    bool all_asked(Time now) const;
    std::vector<News> take_news();
    // Names whose last good addresses have changed since the last call, for the store.
    std::set<std::string> take_changed();
    // The last good addresses, without those that are leaving.
    std::vector<std::string> current(const std::string& name) const;

  private:
    using Addresses = std::vector<std::string>;
    struct Entry {
        std::array<Addresses, 2> current;  // by family
        Addresses leaving;
        std::array<std::optional<Answer>, 2> heard;  // in the look-up that is under way
        bool asked = false;                          // one is under way
        bool by_file = false;
        bool followed = false;
        bool had_outcome = false;
        std::optional<Time> due;
        Time begun{};
        unsigned failures = 0;  // in a row
        bool told = false;      // that it fails
        std::string why;        // the newest look-up failed
    };

    Entry& entry(const std::string& name, Time now);
    void take(const std::string& name, Entry& entry, std::array<Addresses, 2> next);
    void take_half(const std::string& name, Entry& entry, std::size_t half);
    void finish(const std::string& name, Entry& entry, Time now);
    void by_file(const std::string& name, Entry& entry);
    void well(const std::string& name, Entry& entry);
    void show(const std::string& name, const Entry& entry);
    void forget_surplus();

    const std::function<double()> chance_;
    HostsFile file_;
    std::map<std::string, Entry> entries_;
    KnownAddresses known_;
    std::vector<News> news_;
    std::set<std::string> changed_;
};

}  // namespace switchyard::control

// The roll of one upstream: which endpoints it has, by what its source said and how far that is believed.
//
// A source proposes, health disposes. The guards, each told once when it begins to hold something:
//   G1 error   what failed is no answer: it takes nothing away, however long it lasts.
//   G2 empty   a complete nothing counts only with allow_empty, and when it has stood for confirm_after.
//   G3 mass    what removes more than max_removed_percent of three or more must have stood for confirm_after, in
//              kConfirmations answers; what is added is taken at once, and who is down goes at once.
//   G4 flap    who went kFlaps times within kFlapWindow stays longer when it goes again: twice the hold, up to
//   kLongestHold. G5 shape   addresses that lead to no other machine are refused; so is an answer of more than
//   max_endpoints. kept-last  a member that is not named any more stays as long as it passes its checks and none that
//   is named does.
// Invariants: number() rises with the endpoints and with nothing else. While a member passes its checks and no complete
//   answer that counts lacks it, it is one of the endpoints. While the source fails nothing changes.
// Pure: time and health are parameters; the time is a steady clock's, the wall's is only remembered. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/discover.h"
#include "config/model/endpoint.h"
#include "config/model/listener.h"
#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

// How it is with one endpoint.
enum class Vital : std::uint8_t {
    unknown,    // its first check is not over
    up,         // passes its checks
    down,       // fails them
    unchecked,  // there are no checks
    idle,       // taken out by the operator: serves no requests
};

class Roll {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr unsigned kConfirmations = 3;
    static constexpr unsigned kFlaps = 3;
    static constexpr std::chrono::minutes kFlapWindow{5};
    static constexpr std::chrono::minutes kLongestHold{5};
    static constexpr std::size_t kRemembered = 4096;  // who left, for G4
    static constexpr std::size_t kToldNames = 20;     // of one news and kind; the rest is counted
    static constexpr std::chrono::milliseconds kSoonestLook{200};

    struct Now {
        Time steady;
        std::int64_t wall_ms = 0;
    };
    enum class State : std::uint8_t { starting, current, stale };
    enum class Held : std::uint8_t { no, hold, parts, mass, kept_last, empty, error };

    struct Health {
        std::function<Vital(const config::Address&)> of;
        bool others = false;  // of the upstream's written endpoints one is usable
    };
    struct Member {
        Found found;
        std::int64_t since_ms = 0;  // wall
        std::optional<std::int64_t> absent_since_ms;
        Held held = Held::no;
        bool flaps = false;
        bool operator==(const Member&) const = default;
    };
    // Something to tell.
    struct News {
        enum class Kind : std::uint8_t { changed, held, failed, well_again, refused };
        Kind kind = Kind::changed;
        std::vector<std::string> added, removed;  // changed
        std::vector<std::string> about;           // held, refused: addresses, or why they are
        Held held = Held::no;
        std::string why;  // failed
    };
    // What a restart needs.
    struct Kept {
        std::uint64_t number = 0;
        std::vector<Member> members;
        bool operator==(const Kept&) const = default;
    };

    explicit Roll(config::Discovery rules) : rules_(std::move(rules)) {}

    // From an earlier run, or from another source of the same upstream; before anything is heard. They are members, and
    // stale, until the first answer.
    void restore(const Kept& kept, Now now);
    void rules(const config::Discovery& rules, const std::vector<config::Listener>& own) {
        rules_ = rules;
        own_ = own;
    }
    // Both true when the endpoints have changed.
    bool heard(const Sighting& sighting, const Health& health, Now now);
    bool judge(const Health& health, Now now);  // time has passed, or health has changed
    std::optional<Time> next_judgement() const { return next_; }
    // When another answer is wanted, so that something can be confirmed.
    std::optional<Time> next_look() const;

    std::vector<config::Endpoint> endpoints() const;
    std::uint64_t number() const { return number_; }
    State state() const { return state_; }
    const std::string& why() const { return why_; }  // it is stale
    std::optional<Time> stale_since() const { return stale_since_; }
    std::vector<Member> members() const;
    std::size_t held() const;  // members that only a guard keeps
    Kept kept() const { return {number_, members()}; }
    std::vector<News> take_news();

  private:
    struct Entry {
        Member member;
        std::optional<Time> absent_since;
        unsigned lacking = 0;  // complete answers in a row
        Held told = Held::no;
    };
    // A complete answer as it is taken; nothing when it is refused as a whole, and `why`.
    std::optional<std::vector<Found>> taken(const Sighting& sighting, std::string* why);
    void failed(const std::string& why, Now now);
    bool empty_counts(Now now);
    bool take(const std::vector<Found>& found, Now now);
    void mark_absent(const Sighting& sighting, const std::vector<Found>& found, Now now);
    bool mass_waits(Time now) const;
    std::chrono::milliseconds hold_of(const config::Address& address, Time now);
    Held why_held(Entry& entry, Vital vital, bool any_serves, Time now);
    void hold(Entry& entry, Held why);
    void forget_flaps(Time now);

    config::Discovery rules_;
    std::vector<config::Listener> own_;
    std::map<config::Address, Entry> entries_;
    std::map<config::Address, std::deque<Time>> went_;
    std::uint64_t number_ = 0;
    State state_ = State::starting;
    std::string why_;
    std::optional<Time> stale_since_, last_heard_, next_;
    std::optional<Time> empty_since_, mass_since_;
    unsigned empties_ = 0, masses_ = 0;
    bool empty_held_ = false, empty_told_ = false;
    bool in_parts_ = false;
    std::vector<std::string> refused_;
    std::vector<News> news_;
};

const char* word(Roll::Held held);
const char* word(Roll::State state);

}  // namespace switchyard::control::discovery

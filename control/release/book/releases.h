// The releases of the process: who may release which route, what their runners write down, and what becomes of them
// when a runner stays away.
//
// Invariants: at most one release of a route is running. Only the runner that began or resumed it last writes, so one
//   that was taken for dead and comes back does nothing more. What it writes is durable before it is answered. A runner
//   that has not been heard of for as long as it said is gone: what it has not confirmed is taken back, a rollout by
//   the book, a change by its own deadline.
// Threads: control. Owns the records. kKept ended ones are kept, and the latest of each route.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/base/result.h"
#include "control/core/change.h"
#include "control/release/book/doors.h"
#include "control/release/release.h"

namespace switchyard::control::release {

class Releases {
  public:
    static constexpr std::size_t kKept = 200;         // ended ones: some months of a busy route, a few megabytes
    static constexpr std::size_t kMostRecords = 500;  // of one release: a hundred is a very long one
    static constexpr std::size_t kDetail = 1000;      // octets of a sentence
    static constexpr std::size_t kData = 256 << 10;   // octets of what taking back needs and of a plan

    explicit Releases(const Doors& doors) : doors_(doors) {}

    // What keep() was given before the restart. Runners get their time anew.
    void restore(const std::map<std::string, std::string>& kept);

    struct Beginning {
        std::string id, route, from, to, runner;
        std::chrono::milliseconds within{0};
        Wanted wanted;
        nlohmann::ordered_json plan;
    };
    struct Begun {
        const Release* release = nullptr;  // null: a dry run of a new one
        bool fresh = false;
    };
    // A new release, one that goes on, or one that failed and is tried again; any other end is answered as it is. 409
    // while another one has the route.
    Result<Begun> begin(const Beginning& wanted, const Caller& caller, bool dry_run);
    Result<const Release*> take(const std::string& id, const std::string& runner, Record record, const Caller& caller);
    Result<const Release*> alive(const std::string& id, const std::string& runner, std::chrono::milliseconds within);
    // Whether it may be taken back now that it has ended; then undone() says that it was.
    Result<const Release*> may_undo(const std::string& id) const;
    void undone(const std::string& id, std::uint64_t generation, const Caller& caller);

    // For a timer: whose runner is gone.
    void look();

    const Release* find(const std::string& id) const;
    std::vector<const Release*> newest_first() const;

  private:
    struct Live {
        Release release;
        std::chrono::milliseconds heard{0};
    };

    Live* live(const std::string& id);
    Result<Begun> go_on(Live& known, const Beginning& wanted, const Caller& caller, bool dry_run);
    Result<Begun> begin_new(const Beginning& wanted, const Caller& caller, bool dry_run);
    Result<void> fits(const Beginning& wanted) const;
    Result<void> route_free(const Beginning& wanted) const;
    Result<Live*> writable(const std::string& id, const std::string& runner);
    Result<void> change(Live& live, Release next);
    void tell(const Release& release, const char* kind, const Caller& caller, const std::string& line);
    void gone(Live& live);
    void forget_oldest();

    const Doors doors_;
    std::vector<std::unique_ptr<Live>> all_;  // oldest first
};

}  // namespace switchyard::control::release

// Identities that outlive generations: endpoints, upstreams, routes, split cursors, listening sockets.
//
// A Registry turns a name into a small dense id and keeps the shared state behind it, so that two generations that
// name the same thing share it, and a worker can index plain vectors by id.
// Threads: control only; what it hands out (shared_ptr) is safe as its own type says.
// Owns: nothing that a snapshot still holds dies; release() forgets what only the registry holds.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/mark_notes.h"
#include "proxy/net/challenge_book.h"
#include "proxy/net/listening_socket.h"
#include "proxy/net/passed_sockets.h"
#include "proxy/route/rate_table.h"
#include "proxy/snapshot/certificate_shelf.h"
#include "proxy/snapshot/name_ids.h"
#include "proxy/snapshot/page_shelf.h"
#include "proxy/upstream/breaker_board.h"
#include "proxy/upstream/endpoint_state.h"

namespace switchyard {

// One per route: the position in its split, shared by all workers, so that 1 % is 1 in every 100 requests whatever
// the number of workers; and the salt that orders each block of them, drawn once in a process's life.
struct alignas(128) SplitCursor {
    explicit SplitCursor(std::uint64_t drawn) : salt(drawn) {}
    std::atomic<std::uint64_t> next{0};
    const std::uint64_t salt;
};

// One per route: whether its marks are noted, for a rollout, and what is slow. Control writes it, workers look. Each
// word is right by itself: between two looks a request may be held against limits of before and after.
struct alignas(128) MarkWatch {
    std::atomic<bool> noting{false};
    std::atomic<std::uint32_t> slow_us{0}, tail_us{0}, late_us{0}, late_tail_us{0};  // MarkLimits

    void note(const std::optional<MarkLimits>& limits) {  // nothing: nothing is noted
        if (limits) {
            slow_us.store(limits->slow_us, std::memory_order_relaxed);
            tail_us.store(limits->tail_us, std::memory_order_relaxed);
            late_us.store(limits->late_us, std::memory_order_relaxed);
            late_tail_us.store(limits->late_tail_us, std::memory_order_relaxed);
        }
        noting.store(limits.has_value(), std::memory_order_release);
    }
    MarkLimits limits() const {
        const auto of = [](const auto& word) { return word.load(std::memory_order_relaxed); };
        return {of(slow_us), of(tail_us), of(late_us), of(late_tail_us)};
    }
};

// One per route with a limit on requests in flight, shared by all workers.
struct alignas(128) SharedCount {
    std::atomic<std::uint32_t> value{0};
};

// Requests that a held route keeps waiting. `limit`: control's, of the newest generation that holds it.
struct HeldCount : SharedCount {
    std::uint32_t limit = 0;
};

struct Snapshot;

class Registry {
  public:
    explicit Registry(unsigned workers) : workers_(workers) {}

    unsigned workers() const { return workers_; }
    // Ids of routes and upstreams start at 1; 0 means "none" (a request that no route took).
    std::uint32_t route(const std::string& name);
    std::uint32_t upstream(const std::string& name);
    const std::string& route_name(std::uint32_t id) const { return routes_.name(id); }
    const std::string& upstream_name(std::uint32_t id) const { return upstreams_.name(id); }
    // A snapshot that names the upstream has this; one that names a route has its cursor.
    std::shared_ptr<const void> hold_upstream(const std::string& upstream);

    std::shared_ptr<upstream::EndpointState> endpoint(const std::string& upstream, const std::string& address);
    // Every endpoint that any generation still knows, by id (holes are null).
    std::shared_ptr<upstream::EndpointState> endpoint(std::uint32_t id) const;
    std::shared_ptr<SplitCursor> cursor(const std::string& route);
    // How far each route's turns have come: another process that goes on from there keeps the order of each block.
    struct Turns {
        std::uint64_t next = 0, salt = 0;
    };
    std::map<std::string, Turns> turns() const;
    void begin_with(std::map<std::string, Turns> turns) { turns_before_ = std::move(turns); }
    std::shared_ptr<MarkWatch> marks(const std::string& route);
    std::shared_ptr<SharedCount> route_count(const std::string& route);
    std::shared_ptr<HeldCount> held_count(const std::string& route);
    std::shared_ptr<HeldCount> held_count_if_any(const std::string& route) const;  // null: none
    std::shared_ptr<SharedCount> listener_count(const std::string& listener);
    std::shared_ptr<SharedCount> waiting_count(const std::string& upstream);
    std::shared_ptr<upstream::BreakerBoard> breaker_board(const std::string& upstream);
    // Of those that are not closed; another process begins with them.
    using Breakers = std::map<std::string, upstream::BreakerBoard::Places>;
    Breakers breakers() const;
    void begin_with(Breakers breakers) { breakers_before_ = std::move(breakers); }
    // The buckets of all rate limits; made at first use.
    std::shared_ptr<route::RateTable> rate_table();
    // Null: no limit has asked for one.
    const std::shared_ptr<route::RateTable>& rate_table_if_any() const { return rate_table_; }
    // With that seed, before anything is compiled: whose keys are another process's.
    std::shared_ptr<route::RateTable> begin_rate_table(std::uint64_t seed);

    CertificateShelf& certificates() { return certificates_; }
    PageShelf& pages() { return pages_; }
    // Open from the next snapshot on; null: none.
    void open_challenges(std::shared_ptr<const net::ChallengeBook> book) { challenges_ = std::move(book); }
    const std::shared_ptr<const net::ChallengeBook>& challenges() const { return challenges_; }

    // Sockets that are there already; what no listener asks for is the caller's to close.
    net::PassedSockets& passed() { return passed_; }
    // The listening sockets of an address, one per worker; passed ones, or opened on first use. Port 0 is a port for
    // each `listener`. They listen when the snapshot is published. Empty and `why` set when it fails.
    std::shared_ptr<net::ListeningSockets> listening(const config::Address& bind, const std::string& listener,
                                                     std::string* why);

    // This generation is about to go to the workers: its sockets listen from now on, and those that only earlier ones
    // name are given out no more.
    void published(const Snapshot& snapshot);

    // Identities whose ids may be given again.
    struct Gone {
        std::vector<std::shared_ptr<const upstream::EndpointState>> endpoints;
        std::vector<std::pair<std::uint32_t, std::string>> routes, upstreams;
    };
    // Forgets endpoints, cursors and sockets that no snapshot holds any more, and names that none has held for a while.
    Gone release(NameIds::Time now);

  private:
    const unsigned workers_;
    NameIds routes_, upstreams_;
    std::map<std::string, std::shared_ptr<char>> held_upstreams_;
    std::map<std::pair<std::string, std::string>, std::shared_ptr<upstream::EndpointState>> endpoints_;
    std::vector<std::weak_ptr<upstream::EndpointState>> endpoints_by_id_;
    std::map<std::string, std::shared_ptr<SplitCursor>> cursors_;
    std::map<std::string, Turns> turns_before_;
    std::map<std::string, std::shared_ptr<MarkWatch>> marks_;
    std::map<std::string, std::shared_ptr<SharedCount>> route_counts_, listener_counts_, waiting_counts_;
    std::map<std::string, std::shared_ptr<HeldCount>> held_counts_;
    std::map<std::string, std::shared_ptr<upstream::BreakerBoard>> breaker_boards_;
    Breakers breakers_before_;
    std::shared_ptr<route::RateTable> rate_table_;
    CertificateShelf certificates_;
    PageShelf pages_;
    std::shared_ptr<const net::ChallengeBook> challenges_;
    net::ListeningSockets::Neighbours neighbours_on(const config::Address& bind) const;

    net::PassedSockets passed_;
    std::map<std::string, std::shared_ptr<net::ListeningSockets>> listening_;
    std::vector<std::weak_ptr<net::ListeningSockets>> leaving_;  // retired; some worker may still listen on them
};

}  // namespace switchyard

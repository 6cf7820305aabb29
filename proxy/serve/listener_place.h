// One listener as one worker sees it: the plan in force, and who is connected by it.
//
// Sessions hold a place and neither plan nor socket, so that a change reaches kept connections with the next thing they
//   do, and a listener that goes takes its socket with it whatever is still open.
// A listener is the same from one generation to the next when it has the same socket, else the same name. The place of
//   one that is gone keeps a copy of its last plan without the socket, answers clients that are left with "Connection:
//   close", and goes with its last session; a listener that comes back begins a place of its own.
// Threads: one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/snapshot/snapshot.h"

namespace switchyard::serve {

class ListenerPlace {
  public:
    explicit ListenerPlace(const ListenerPlan& plan)
        : plan_(&plan), connections_(plan.connections), clients_(plan.per_client.counts) {}
    ListenerPlace(const ListenerPlace&) = delete;
    ListenerPlace& operator=(const ListenerPlace&) = delete;

    // Of the generation in force: one that pins that generation may keep the reference as long as the pin.
    const ListenerPlan& plan() const { return *plan_; }
    bool gone() const { return last_ != nullptr; }

    bool full() const {
        return plan_->max_connections != 0 &&
               connections_->value.load(std::memory_order_relaxed) >= plan_->max_connections;
    }
    // One more connection of that client. False: it has as many as it may have. Peers that speak for others are not
    // counted.
    bool enter(const route::ClientAddress& client, route::KeyCounts::Place& into) const;
    void enter() {
        ++sessions_;
        connections_->value.fetch_add(1, std::memory_order_relaxed);
    }
    void leave() {
        --sessions_;
        connections_->value.fetch_sub(1, std::memory_order_relaxed);
    }
    std::uint32_t sessions() const { return sessions_; }
    mutable std::uint32_t challenges_awaited = 0;  // by its sessions

  private:
    friend class ListenerPlaces;
    void follow(const ListenerPlan& plan);
    void end();

    const ListenerPlan* plan_;
    std::shared_ptr<SharedCount> connections_;   // where the sessions are counted, over all workers
    std::shared_ptr<route::KeyCounts> clients_;  // where those are that are counted by client; stays as long as they
    std::uint32_t sessions_ = 0;
    std::shared_ptr<const ListenerPlan> last_;  // only when gone
};

class ListenerPlaces {
  public:
    // A generation was adopted. True when an idle connection may wait for less long than it was told.
    bool follow(const Snapshot& snapshot);
    // By the index of Snapshot::listeners.
    ListenerPlace& at(std::size_t listener) { return *current_[listener]; }
    // Is any client connected by a listener that is gone?
    bool any_gone();

  private:
    std::vector<std::unique_ptr<ListenerPlace>> current_, gone_;
};

}  // namespace switchyard::serve

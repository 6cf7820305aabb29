// A return to an old release does not wait for the disk: it is put in force, said loudly, and stored when that is
// possible.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/core/controller.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// As often as a weight that could not be published is tried again.
constexpr std::chrono::milliseconds kRetryStore{500};

}  // namespace

// In the order in which they came into force: nothing is durable before what it was made from.
Result<void> Controller::store(const Commit& commit) {
    if (auto before = store_unstored(); !before) return before;
    return store_.commit(commit);
}

Result<void> Controller::store_unstored() {
    while (!unstored_.commits.empty()) {
        const Commit& oldest = unstored_.commits.front();
        if (auto stored = store_.commit(oldest); !stored) {
            unstored_.why = stored.error().detail;
            return stored;
        }
        log_info("generation {} is stored now", oldest.generation.number);
        events_.add("store", {{"verb", oldest.generation.verb}, {"stored", oldest.generation.number}});
        unstored_.commits.erase(unstored_.commits.begin());
    }
    unstored_ = {};
    return {};
}

void Controller::keep_unstored(const Commit& commit, const Problem& refusal) {
    if (unstored_.commits.empty()) {
        unstored_.stored = commit.generation.parent;
        unstored_.since = commit.generation.at;
    }
    unstored_.why = refusal.detail;
    unstored_.commits.push_back(commit);
    log_warn("generation {} ({}) is in force but not stored: {}; a restart before it is resumes generation {}",
             commit.generation.number, fmt::join(commit.generation.changes, "; "), refusal.detail, unstored_.stored);
    events_.add("store", {{"verb", commit.generation.verb},
                          {"unstored", commit.generation.number},
                          {"resumes", unstored_.stored},
                          {"failed", refusal.detail}});
    arm_store();
}

void Controller::arm_store() {
    store_timer_.expires_after(kRetryStore);
    store_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (ec || alive.expired() || stopped_) return;
        if (!store_unstored()) arm_store();
    });
}

}  // namespace switchyard::control

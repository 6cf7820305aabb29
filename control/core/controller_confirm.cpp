// The controller's way back: undo, and changes that undo themselves unless they are confirmed.
#include <fmt/format.h>

#include <algorithm>

#include "config/parse.h"
#include "control/core/controller.h"
#include "control/core/way_back.h"
#include "control/edits/hold.h"
#include "control/edits/replace.h"

namespace switchyard::control {
namespace {

using std::chrono::system_clock;

// An undo that cannot be stored (full disk) is tried again: the operator was promised it.
constexpr std::chrono::seconds kRetryUndo{1};

}  // namespace

Result<config::Model> Controller::model_of(std::uint64_t generation) {
    const auto wanted = store_.generation(generation);
    if (!wanted) return wanted.error();
    if (!*wanted)
        return problems::not_found(
            fmt::format("generation {} is not in the history (it may be beyond process.keep_generations)", generation));
    auto parsed = config::parse_stored((*wanted)->config);
    if (!parsed.model) return problems::invalid(std::move(parsed.errors));
    return std::move(*parsed.model);
}

void Controller::undo(std::uint64_t to, Change change, Answered done) {
    return_to(to, std::move(change), std::move(done), [] { return true; });
}

void Controller::return_to(std::uint64_t to, Change change, Answered done, const std::function<bool()>& wanted) {
    const auto arrived = std::chrono::steady_clock::now();
    if (answered_before(change, done)) return;
    // The way back is read in the store: whatever is in force has to be there first.
    in_turn(change.dry_run && unstored_.commits.empty(), done,
            [this, to, change, arrived, done, wanted](const Turn& turn) {
                if (!wanted()) return done(problems::conflict("it is settled already"));
                store_unstored(turn, [this, to, change, arrived, done, turn](const Result<void>& durable) {
                    if (!durable) return done(durable.error());
                    return_now(to, change, arrived, done, turn);
                });
            });
}

void Controller::return_now(std::uint64_t to, Change change, Steady arrived, Answered done, Turn turn) {
    WayBack back{to, "", 0};
    if (to == 0) {
        auto found = way_back(store_, generation_);
        if (!found) return done(found.error());
        back = std::move(*found);
    }
    auto earlier = model_of(back.generation);
    if (!earlier) return done(earlier.error());
    std::optional<config::Model> begun;
    if (back.only_since != 0) {
        auto model = model_of(back.only_since);
        if (!model) return done(model.error());
        begun = std::move(*model);
    }
    change.settles_pending = true;
    change.restores = Restored{back.generation, back.why};
    const auto model = std::make_shared<config::Model>(std::move(*earlier));
    const auto then = [this, model, begun, change, arrived, done, turn, alive = std::weak_ptr(alive_)] {
        if (!alive.expired() && !stopped_) return_read(*model, begun, change, arrived, done, turn);
    };
    // What of it can be used is told by its files, which may be on a disk that hangs.
    if (!begun) return doors_.files.read_first(*model, then);
    then();
}

void Controller::return_read(config::Model earlier, std::optional<config::Model> begun, Change change, Steady arrived,
                             Answered done, Turn turn) {
    if (!begun) {
        const auto at = std::chrono::system_clock::to_time_t(system_clock::now());
        for (const auto& route : edits::end_holds(earlier, at)) {
            auto& why = change.restores->why;
            why += (why.empty() ? "" : "; ") + fmt::format("the hold of route {} is over", route);
        }
        // What this return may do without, no later change may: also where it is refused before anything is compiled.
        done = [first = std::move(done), &files = doors_.files](Answer answer) {
            files.return_over();
            first(std::move(answer));
        };
        for (const auto& stays : doors_.files.fit_for_return(earlier, *model_)) {
            auto& why = change.restores->why;
            why += (why.empty() ? "" : "; ") + stays;
        }
    }
    change.edit = [earlier = std::move(earlier), begun = std::move(begun)](const config::Model& now, const Facts&) {
        if (begun) return Result<config::Model>(with_routes_back(now, earlier, *begun));
        return edits::replace(now, earlier, edits::ProcessPart::keep);
    };
    make(std::move(change), arrived, std::move(done), std::move(turn));
}

Result<void> Controller::waits(std::uint64_t generation) const {
    if (pending_ && pending_->generation == generation) return {};
    return problems::not_found(fmt::format("generation {} does not wait for confirmation", generation));
}

void Controller::wait_on(std::uint64_t generation, std::chrono::milliseconds within, const Caller& caller,
                         std::function<void(Result<WallTime>)> done) {
    if (refuses(done)) return;
    const bool begun = turns_.take([this, generation, within, caller, done](const Turn& turn) {
        if (auto waiting = waits(generation); !waiting) return done(waiting.error());
        auto longer = *pending_;
        longer.deadline_ms = std::max(longer.deadline_ms, unix_ms(system_clock::now() + within));
        const bool first = waits_on_for_ != caller.who;
        const AuditEntry entry{0,           timestamp(system_clock::now()),
                               caller.who,  caller.from,
                               "wait-on",   caller.reason,
                               generation_, {fmt::format("generation {} waits on for its confirmation", generation)},
                               {},          {}};
        writer_.write(
            [longer, entry, first](Store& store) { return store.put_off(longer, first ? &entry : nullptr); },
            [this, longer, first, caller, done, turn, alive = std::weak_ptr(alive_)](const Result<void>& kept) {
                if (alive.expired() || stopped_) return;
                if (!kept) return done(kept.error());
                if (auto waiting = waits(longer.generation); !waiting) return done(waiting.error());
                pending_ = longer;
                waits_on_for_ = caller.who;
                arm_confirmation();
                if (first)
                    events_.add("change",
                                {{"generation", longer.generation}, {"verb", "wait-on"}, {"who", caller.who}});
                done(from_unix_ms(longer.deadline_ms));
            });
    });
    if (!begun) done(problems::store_busy("changes wait for the disk that holds state_dir"));
}

void Controller::confirm(std::uint64_t generation, const Caller& caller, Settled done) {
    if (refuses(done)) return;
    const bool begun = turns_.take([this, generation, caller, done](const Turn& turn) {
        if (auto waiting = waits(generation); !waiting) return done(waiting.error());
        const AuditEntry entry{0,           timestamp(system_clock::now()),
                               caller.who,  caller.from,
                               "confirm",   caller.reason,
                               generation_, {fmt::format("generation {} confirmed", generation)},
                               {},          {}};
        writer_.write([generation, entry](Store& store) { return store.settle(generation, entry); },
                      [this, generation, caller, done, turn, alive = std::weak_ptr(alive_)](Result<void> settled) {
                          if (alive.expired() || stopped_) return;
                          if (!settled) return done(settled.error());
                          if (pending_ && pending_->generation == generation) {
                              pending_.reset();
                              waits_on_for_.clear();
                              confirmation_timer_.cancel();
                          }
                          events_.add("change", {{"generation", generation}, {"verb", "confirm"}, {"who", caller.who}});
                          done({});
                      });
    });
    if (!begun) done(problems::store_busy("changes wait for the disk that holds state_dir"));
}

Result<void> Controller::resume_pending() {
    auto stored = store_.pending();
    if (!stored) return stored.error();
    pending_ = *stored;
    arm_confirmation();
    return {};
}

void Controller::arm_confirmation() {
    confirmation_timer_.cancel();
    if (!pending_) return;
    const auto left = from_unix_ms(pending_->deadline_ms) - system_clock::now();
    confirmation_timer_.expires_after(std::max(left, system_clock::duration::zero()));
    confirmation_timer_.async_wait(
        [this, g = pending_->generation, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
            if (!ec && !alive.expired() && !stopped_ && pending_ && pending_->generation == g) not_confirmed();
        });
}

void Controller::not_confirmed() {
    if (!pending_) return;
    const auto generation = pending_->generation;
    Change change;
    change.verb = kUnconfirmedVerb;
    change.force = true;  // promised when the change was made, to whatever there is to return to
    change.caller = {"switchyard", "", fmt::format("generation {} was not confirmed in time", generation)};
    const auto still_waits = [this, generation] { return pending_ && pending_->generation == generation; };
    return_to(
        pending_->restore, std::move(change),
        [this, generation, still_waits](Answer answer) {
            if (!still_waits()) return;  // undone now, or confirmed in the last moment
            if (answer) {
                // Nothing to undo: the configuration is already the old one. The wait is over all the same.
                confirm(generation, {"switchyard", "", "already as before"}, [](const Result<void>&) {});
                return;
            }
            events_.add("change",
                        {{"generation", generation}, {"verb", "not-confirmed"}, {"failed", answer.error().detail}});
            confirmation_timer_.expires_after(kRetryUndo);
            confirmation_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
                if (!ec && !alive.expired() && !stopped_) not_confirmed();
            });
        },
        still_waits);
}

}  // namespace switchyard::control

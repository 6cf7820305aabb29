#include "control/core/controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "config/candidate.h"
#include "config/diff.h"
#include "config/expression.h"
#include "config/render.h"
#include "config/validate.h"
#include "control/core/leaving.h"
#include "control/core/operator_reach.h"
#include "control/edits/guard.h"
#include "control/edits/moves.h"
#include "control/edits/replace.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

std::int64_t micros_since(steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start).count();
}

std::uint64_t first_event_id() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

Controller::Controller(boost::asio::any_io_executor executor, unsigned workers, Store& store, Ports ports)
    : executor_(std::move(executor)),
      store_(store),
      ports_(std::move(ports)),
      adoption_(workers),
      drains_(workers),
      events_(first_event_id()),
      confirmation_timer_(executor_),
      drain_timer_(executor_),
      store_timer_(executor_) {}

void Controller::begin(std::shared_ptr<const config::Model> model, std::shared_ptr<const Snapshot> snapshot,
                       std::uint64_t generation) {
    model_ = std::move(model);
    snapshot_ = std::move(snapshot);
    generation_ = generation;
    ports_.follow(*model_);
}

void Controller::stop() {
    static_cast<void>(store_unstored());  // the last chance
    stopped_ = true;
    store_timer_.cancel();
    confirmation_timer_.cancel();
    drain_timer_.cancel();
    waiting_.clear();
    drain_bells_.clear();
}

bool Controller::answered_before(const Change& change, Answered& done) {
    if (change.idempotency_key.empty() || change.dry_run) return false;
    const auto& who = change.caller.who;
    const auto& key = change.idempotency_key;
    const auto known = answers_.find(who, key, change.fingerprint);
    if (known.found == Answers::Found::other_call) return done(Answers::other_call()), true;
    if (known.found == Answers::Found::answered) {
        Answer again = *known.answer;
        if (again) again->repeated_now = generation_;
        return done(std::move(again)), true;
    }
    if (known.found == Answers::Found::in_progress) return answers_.join(who, key, std::move(done)), true;

    const auto row = store_.idempotency(who, key);
    if (row && *row) {
        if ((*row)->fingerprint != change.fingerprint) return done(Answers::other_call()), true;
        // From before a restart: the receipt is made again from what is durable. Every worker began with that
        // generation or a newer one.
        Receipt receipt;
        receipt.generation = (*row)->generation;
        receipt.repeated_now = generation_;
        receipt.workers = adoption_.workers();
        receipt.waiting_for = adoption_.behind((*row)->generation);
        if (const auto g = store_.generation((*row)->generation); g && *g) {
            receipt.previous = (*g)->parent;
            receipt.changes = (*g)->changes;
            receipt.effective_at = (*g)->at;
        }
        return done(receipt), true;
    }
    answers_.begin(who, key, change.fingerprint);
    done = [this, who, key, first = std::move(done)](Answer answer) {
        const auto joined = answers_.end(who, key, answer);
        first(answer);
        for (const auto& other : joined) other(answer);
    };
    return false;
}

Problem held_problem(const std::string& route, const Holder& by) {
    return problems::conflict(
        by.returning ? fmt::format("route {} is being returned by rollout {}; until it is, only undo goes before it "
                                   "(abort lets the route go)",
                                   route, by.rollout)
                     : fmt::format("route {} belongs to rollout {} until it ends; abort it first", route, by.rollout));
}

Result<void> Controller::held(const config::Model& next, const Change& change) const {
    if (!held_by_) return {};
    for (const auto& route : model_->routes) {
        const auto by = held_by_(route.name);
        if (by.rollout.empty() || by.rollout == change.holder) continue;
        if (by.returning && change.verb == "undo") continue;
        const auto now =
            std::find_if(next.routes.begin(), next.routes.end(), [&](const auto& r) { return r.name == route.name; });
        if (now == next.routes.end() || !(*now == route)) return held_problem(route.name, by);
    }
    return {};
}

Result<void> Controller::nothing_pending() const {
    if (!pending_) return {};
    return problems::conflict(fmt::format("generation {} waits for confirmation until {}; confirm it or undo it first",
                                          pending_->generation, timestamp(from_unix_ms(pending_->deadline_ms))));
}

Result<Controller::Prepared> Controller::prepare(const Change& change) const {
    if (change.if_match && *change.if_match != generation_) return problems::stale(generation_);
    if (auto settled = nothing_pending(); !settled && !change.settles_pending) return settled.error();
    const auto facts = ports_.facts(*model_);
    auto edited = change.edit(*model_, facts);
    if (!edited) return edited.error();
    if (edited->process != model_->process)
        return problems::conflict(
            "/process differs from the running one, and a change of it needs a restart; "
            "nothing was changed");
    // What an undo brings back says for itself who the candidate was.
    if (!change.restores) config::keep_candidates(*model_, *edited);
    if (*edited == *model_) return Prepared{model_, nullptr, {}, {}};
    if (change.role != config::Role::admin)
        if (const auto beyond = beyond_operator(*model_, *edited); !beyond.empty())
            return problems::forbidden(
                fmt::format("an operator moves traffic between what an admin has set up; this would also change: {}{}",
                            beyond.front(), beyond.size() > 1 ? fmt::format(" (and {} more)", beyond.size() - 1) : ""));
    // A file's merge looks at this by itself, and more closely.
    if (!change.file)
        if (auto free = held(*edited, change); !free) return free.error();
    if (auto errors = config::validate(*edited, config::Taken::in(*model_)); !errors.empty())
        return problems::invalid(std::move(errors));
    if (!change.force)
        if (auto safe = edits::guard(*model_, *edited, facts); !safe) {
            auto problem = safe.error();
            if (change.file) problem.kind = kGuard;
            // A file that is read again has nobody who could insist.
            const bool reload = change.file && change.verb == kReloadVerb;
            problem.detail += reload ? " (a reload has no force; switchyard apply has)" : edits::kForceHint;
            return problem;
        }

    Prepared prepared;
    prepared.changes = config::diff(*model_, *edited);
    prepared.moves = edits::moves(
        *model_, *edited, [this](const std::string& route) { return held_by_ ? held_by_(route).to : std::string(); });
    prepared.model = std::make_shared<const config::Model>(std::move(*edited));
    auto compiled = ports_.compile(prepared.model, generation_ + 1);
    if (!compiled.errors.empty()) return problems::invalid(std::move(compiled.errors));
    prepared.snapshot = std::move(compiled.snapshot);
    return prepared;
}

Commit Controller::commit_of(const Change& change, const Prepared& prepared) const {
    const auto now = system_clock::now();
    Commit commit;
    commit.generation = {generation_ + 1, generation_,          config::render_text(*prepared.model),
                         timestamp(now),  change.caller.who,    change.caller.from,
                         change.verb,     change.caller.reason, prepared.changes};
    commit.base = change.file;
    // Nobody sees the receipt of a file: history and audit say as well which traffic it moves.
    if (change.file)
        commit.generation.changes.insert(commit.generation.changes.end(), prepared.moves.begin(), prepared.moves.end());
    commit.keep = prepared.model->process.keep_generations;
    if (!change.idempotency_key.empty())
        commit.idempotency =
            IdempotencyRow{change.idempotency_key, change.caller.who, change.fingerprint, generation_ + 1};
    if (change.confirm_within)
        commit.pending = PendingConfirmation{generation_ + 1, generation_, unix_ms(now + *change.confirm_within)};
    return commit;
}

void Controller::change(Change change, Answered done) {
    const auto arrived = steady_clock::now();
    if (answered_before(change, done)) return;
    auto prepared = prepare(change);
    if (!prepared) return done(prepared.error());

    Receipt receipt;
    receipt.previous = generation_;
    receipt.workers = adoption_.workers();
    receipt.changes = prepared->changes;
    receipt.moves = prepared->moves;
    receipt.restores = change.restores;
    if (!prepared->snapshot) {
        // Already so. The file's new text is remembered all the same, or the next reading would take it for news.
        if (change.file && !change.dry_run)
            if (auto kept = keep_base(*change.file); !kept) return done(kept.error());
        receipt.generation = generation_;
        receipt.unchanged = true;
        receipt.dry_run = change.dry_run;
        receipt.waiting_for = change.dry_run ? std::vector<unsigned>{} : adoption_.behind(generation_);
        receipt.took_us = micros_since(arrived);
        return done(receipt);
    }
    receipt.generation = generation_ + 1;
    if (change.dry_run) {
        receipt.dry_run = true;
        receipt.took_us = micros_since(arrived);
        return done(receipt);
    }
    const auto commit = commit_of(change, *prepared);
    const auto storing = steady_clock::now();
    if (auto stored = store(commit); !stored) {
        if (!change.unstored_if_need_be) {
            events_.add("store", {{"verb", change.verb}, {"failed", stored.error().detail}});
            return done(stored.error());
        }
        keep_unstored(commit, stored.error());
        receipt.unstored = stored.error().detail;
    }
    receipt.stored_us = micros_since(storing);
    pending_ = commit.pending;
    waits_on_for_.clear();
    if (pending_) receipt.confirm_by = timestamp(from_unix_ms(pending_->deadline_ms));
    arm_confirmation();
    put_in_force(change, std::move(*prepared), std::move(receipt), arrived, std::move(done));
}

void Controller::put_in_force(const Change& change, Prepared prepared, Receipt receipt, Steady arrived, Answered done) {
    const auto before = std::exchange(model_, prepared.model);
    ++generation_;
    open_drain(change, *before, *model_);
    receipt.drains = drains_.find(generation_) != nullptr;
    nlohmann::ordered_json event = {
        {"generation", generation_}, {"verb", change.verb}, {"who", change.caller.who}, {"changes", receipt.changes}};
    if (!receipt.moves.empty()) event["moves"] = receipt.moves;
    if (!change.caller.reason.empty()) event["reason"] = change.caller.reason;

    auto& waiting = waiting_[generation_];
    waiting.receipt = std::move(receipt);
    waiting.arrived = arrived;
    waiting.published = steady_clock::now();
    waiting.done = std::move(done);
    waiting.timer = std::make_unique<boost::asio::steady_timer>(executor_, kAdoptionWait);
    waiting.timer->async_wait([this, g = generation_, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) finish(g);
    });
    snapshot_ = prepared.snapshot;
    // Endpoints without health checks are up before somebody routes to them.
    ports_.follow(*model_);
    ports_.publish(std::move(prepared.snapshot));
    events_.add("change", std::move(event));
}

void Controller::republish(std::shared_ptr<const Snapshot> snapshot) {
    if (stopped_ || snapshot->generation != generation_) return;
    snapshot_ = snapshot;
    ports_.publish(std::move(snapshot));
}

void Controller::open_drain(const Change& change, const config::Model& before, const config::Model& after) {
    Drain drain;
    for (const auto& name : leaving(before, after)) {
        const auto id = ports_.upstream_id(name);
        drains_.name(id, name);
        drain.upstreams.insert(id);
    }
    if (drain.upstreams.empty()) return;
    drain.generation = generation_;
    drain.started = system_clock::now();
    if (change.drain_deadline) drain.deadline = drain.started + *change.drain_deadline;
    drain.policy = change.drain_policy;
    drains_.open(std::move(drain));
    arm_drain_deadline();
}

void Controller::finish(std::uint64_t generation) {
    // By number: the timer may have fired in the same turn in which the last worker adopted.
    auto node = waiting_.extract(generation);
    if (!node) return;
    auto& waiting = node.mapped();
    auto& receipt = waiting.receipt;
    receipt.waiting_for = adoption_.behind(generation);
    receipt.took_us = micros_since(waiting.arrived);
    if (receipt.waiting_for.empty()) {
        receipt.effective_at = timestamp(system_clock::now());
        const auto took = micros_since(waiting.published);
        publish_durations_.record(static_cast<std::uint64_t>(took));
        publish_seconds_ += static_cast<double>(took) / 1e6;
    }
    if (const auto* drain = drains_.find(receipt.generation)) receipt.in_flight = drains_.in_flight(*drain);
    waiting.done(std::move(receipt));
}

void Controller::adopted(unsigned worker, std::uint64_t generation, std::vector<InFlight> older) {
    if (stopped_) return;
    adoption_.adopted(worker, generation);
    drains_.adopted(worker, generation, std::move(older), system_clock::now());
    // An answer may bring the next change, so the list is looked at afresh each time.
    while (!waiting_.empty() && adoption_.everywhere(waiting_.begin()->first)) finish(waiting_.begin()->first);
    ring_drains();
}

void Controller::retired(unsigned worker, std::uint64_t generation) {
    if (stopped_) return;
    if (drains_.retired(worker, generation, system_clock::now())) ring_drains();
}

void Controller::reported(unsigned worker, const std::vector<InFlight>& in_flight) {
    if (stopped_) return;
    if (drains_.reported(worker, in_flight, system_clock::now())) ring_drains();
}

unsigned Controller::on_drain(std::function<void()> ring) {
    drain_bells_.emplace(next_drain_bell_, std::move(ring));
    return next_drain_bell_++;
}

void Controller::ring_drains() {
    const auto bells = drain_bells_;  // a bell may unsubscribe itself
    for (const auto& [number, ring] : bells) ring();
}

void Controller::arm_drain_deadline() {
    const auto next = drains_.next_deadline();
    if (!next) return;
    drain_timer_.expires_after(std::max(*next - system_clock::now(), system_clock::duration::zero()));
    drain_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (ec || alive.expired() || stopped_) return;
        for (const auto id : drains_.expire(system_clock::now())) {
            const auto* drain = drains_.find(id);
            events_.add("drain", {{"id", std::to_string(id)}, {"cut", to_json(drains_.in_flight(*drain))}});
            if (ports_.cut) ports_.cut(id, drain->upstreams);
        }
        ring_drains();
        arm_drain_deadline();
    });
}

}  // namespace switchyard::control

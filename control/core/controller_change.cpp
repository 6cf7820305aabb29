// A change on its way: looked at, prepared, made durable, put in force.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/core/controller.h"
#include "control/core/judge.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

std::int64_t micros_between(steady_clock::time_point start, steady_clock::time_point end) {
    return std::chrono::duration_cast<std::chrono::microseconds>(end - start).count();
}

Problem could_not_be_made(const std::exception& error) {
    return problems::internal(fmt::format("the change could not be made: {}; nothing was changed", error.what()));
}

edits::LedTo led_to(Holders holders) {
    return [holders = std::move(holders)](const std::string& route) {
        const auto it = holders.find(route);
        return it == holders.end() ? std::string() : it->second.to;
    };
}

}  // namespace

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
    if (row && *row && !was_withdrawn((*row)->generation)) {
        if ((*row)->fingerprint != change.fingerprint) return done(Answers::other_call()), true;
        // From before a restart: the receipt is made again from what is durable. Every worker began with that
        // generation or a newer one.
        Receipt receipt;
        receipt.generation = (*row)->generation;
        receipt.repeated_now = generation_;
        receipt.workers = adoption_.count();
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

Holders Controller::holders() const {
    Holders out;
    if (!held_by_) return out;
    for (const auto& route : model_->routes)
        if (auto by = held_by_(route.name); !by.rollout.empty()) out.emplace(route.name, std::move(by));
    return out;
}

Result<void> Controller::nothing_pending() const {
    if (!pending_) return {};
    return problems::conflict(fmt::format("generation {} waits for confirmation until {}; confirm it or undo it first",
                                          pending_->generation, timestamp(from_unix_ms(pending_->deadline_ms))));
}

Result<void> Controller::timely(const Change& change) const {
    if (change.if_match && *change.if_match != generation_) return problems::stale(generation_);
    if (auto settled = nothing_pending(); !settled && !change.settles_pending) return settled.error();
    return {};
}

Result<Judged> Controller::judge_now(const Change& change) const {
    if (auto now = timely(change); !now) return now.error();
    // A file's merge looks at who holds what by itself, and more closely.
    const auto free = [&](const config::Model& next) { return change.file ? Result<void>() : held(next, change); };
    return judge(*model_, doors_.data_plane.facts(*model_), change, free, led_to(holders()));
}

Result<Controller::Prepared> Controller::prepare(const Change& change) const {
    auto judged = judge_now(change);
    if (!judged) return judged.error();
    return compiled(std::move(*judged));
}

Result<Controller::Prepared> Controller::compiled(Judged judged) const {
    Prepared prepared;
    if (!judged.model) return prepared;
    auto result = doors_.data_plane.compile(judged.model, next_number());
    if (!result.errors.empty()) return problems::invalid(std::move(result.errors));
    prepared.model = std::move(judged.model);
    prepared.snapshot = std::move(result.snapshot);
    prepared.text = std::move(judged.text);
    prepared.changes = std::move(judged.changes);
    prepared.moves = std::move(judged.moves);
    return prepared;
}

Commit Controller::commit_of(const Change& change, const Prepared& prepared) const {
    const auto now = system_clock::now();
    const auto number = next_number();
    Commit commit;
    commit.generation = {number,
                         generation_,
                         prepared.text,
                         timestamp(now),
                         change.caller.who,
                         change.caller.from,
                         change.verb,
                         change.caller.reason,
                         prepared.changes,
                         prepared.snapshot->certificates};
    commit.base = change.file;
    commit.journal = change.journal;
    // The receipt of a file is not seen: history and audit say as well which traffic it moves.
    if (change.file)
        commit.generation.changes.insert(commit.generation.changes.end(), prepared.moves.begin(), prepared.moves.end());
    commit.keep = prepared.model->process.keep_generations;
    if (!change.idempotency_key.empty())
        commit.idempotency = IdempotencyRow{change.idempotency_key, change.caller.who, change.fingerprint, number};
    if (change.confirm_within)
        commit.pending = PendingConfirmation{number, generation_, unix_ms(now + *change.confirm_within)};
    return commit;
}

void Controller::change(Change change, Answered done) {
    const auto arrived = steady_clock::now();
    if (answered_before(change, done)) return;
    if (change.unstored_if_need_be) return in_turn_or_unstored(std::move(change), arrived, std::move(done));
    in_turn(change.dry_run, done, [this, change, arrived, done](Turn turn) mutable {
        make(std::move(change), arrived, std::move(done), std::move(turn));
    });
}

void Controller::in_turn(bool dry_run, const Answered& done, Turns::Job job) {
    if (dry_run) return job(Turn{});  // changes nothing, and does not wait
    if (refuses(done)) return;
    if (!turns_.take(std::move(job))) done(problems::store_busy("changes wait for the disk that holds state_dir"));
}

void Controller::make(Change change, Steady arrived, Answered done, Turn turn) {
    if (change.document && doors_.aside != nullptr)
        return judge_aside(std::move(change), arrived, std::move(done), std::move(turn));
    Result<Judged> judged = problems::internal("it could not be judged");
    // However it ends, the caller is answered: a key in progress would keep each repetition waiting.
    try {
        judged = judge_now(change);
    } catch (const std::exception& error) {
        judged = could_not_be_made(error);
    }
    if (!judged) return done(judged.error());
    read_and_compile(std::move(change), std::move(*judged), arrived, std::move(done), std::move(turn));
}

// Files that it is the first to name are read beside this thread. The turn is held meanwhile.
void Controller::read_and_compile(Change change, Judged judged, Steady arrived, Answered done, Turn turn) {
    struct BeingRead {
        std::shared_ptr<const config::Model> in_force;
        Change change;
        Judged judged;
        Steady arrived;
        Answered done;
        Turn turn;
    };
    const auto waiting = std::make_shared<BeingRead>(
        BeingRead{model_, std::move(change), std::move(judged), arrived, std::move(done), std::move(turn)});
    const auto then = [this, waiting, alive = std::weak_ptr(alive_)] {
        if (alive.expired() || stopped_) return;
        auto& [in_force, made_of, next, began, answer, held_turn] = *waiting;
        // A return, which waits for no turn, has gone before it.
        if (in_force != model_) return make(std::move(made_of), began, std::move(answer), std::move(held_turn));
        Result<Prepared> prepared = problems::internal("it could not be prepared");
        try {
            prepared = compiled(std::move(next));
        } catch (const std::exception& error) {
            prepared = could_not_be_made(error);
        }
        if (!prepared) return answer(prepared.error());
        made(std::move(made_of), std::move(*prepared), began, std::move(answer), std::move(held_turn));
    };
    if (!waiting->judged.model) return then();
    doors_.files.read_first(*waiting->judged.model, then);
}

// A whole document is judged beside this thread. What is in force hardly changes meanwhile – the turn is held –, but
// health may, and who holds which route: what depends on them is looked at again.
void Controller::judge_aside(Change change, Steady arrived, Answered done, Turn turn) {
    if (auto now = timely(change); !now) return done(now.error());
    struct Judging {
        std::shared_ptr<const config::Model> in_force;
        Facts facts;
        Change change;
        Steady arrived;
        Answered done;
        Turn turn;
        Holders holders;
        Result<Judged> judged = problems::internal("it could not be judged");
    };
    const auto judging = std::make_shared<Judging>(Judging{model_, doors_.data_plane.facts(*model_), std::move(change),
                                                           arrived, std::move(done), std::move(turn), holders()});
    const bool begun = doors_.aside->run(
        [judging] {
            try {
                judging->judged =
                    judge(*judging->in_force, judging->facts, judging->change, {}, led_to(judging->holders));
            } catch (const std::exception& error) {
                judging->judged = problems::internal(
                    fmt::format("the document could not be judged: {}; nothing was changed", error.what()));
            }
        },
        [this, judging, alive = std::weak_ptr(alive_)] {
            if (alive.expired() || stopped_) return;
            auto& [in_force, facts, made_of, began, answer, held_turn, held_then, judged] = *judging;
            // A return that did not wait has gone before it.
            if (in_force != model_)
                return judge_aside(std::move(made_of), began, std::move(answer), std::move(held_turn));
            if (!judged) return answer(judged.error());
            if (judged->model && made_of.file && holders() != held_then)
                return answer(
                    problems::conflict("a rollout began or ended while the file was read; nothing was changed"));
            if (judged->model && !made_of.file)
                if (auto free = held(*judged->model, made_of); !free) return answer(free.error());
            if (judged->model && !made_of.force)
                if (auto safe = guard_says(*in_force, *judged->model, doors_.data_plane.facts(*in_force), made_of);
                    !safe)
                    return answer(safe.error());
            read_and_compile(std::move(made_of), std::move(*judged), began, std::move(answer), std::move(held_turn));
        });
    if (!begun) judging->done(problems::store_busy("too many documents wait to be judged"));
}

void Controller::made(Change change, Prepared prepared, Steady arrived, Answered done, Turn turn) {
    Receipt receipt;
    receipt.previous = generation_;
    receipt.workers = adoption_.count();
    receipt.changes = prepared.changes;
    receipt.moves = prepared.moves;
    receipt.restores = change.restores;
    if (!prepared.snapshot) {
        // Already so. The file's new text is remembered all the same, or the next reading would take it for news.
        receipt.generation = generation_;
        receipt.unchanged = true;
        receipt.dry_run = change.dry_run;
        receipt.waiting_for = change.dry_run ? std::vector<unsigned>{} : adoption_.behind(generation_);
        auto unchanged = [receipt, arrived, done, turn](const Result<void>& kept) mutable {
            receipt.took_us = micros_between(arrived, steady_clock::now());
            if (kept)
                done(receipt);
            else
                done(kept.error());
        };
        if (change.file && !change.dry_run) return keep_base(*change.file, unchanged);
        return unchanged(Result<void>());
    }
    receipt.generation = next_number();
    if (change.dry_run) {
        receipt.dry_run = true;
        receipt.took_us = micros_between(arrived, steady_clock::now());
        return done(receipt);
    }
    auto commit = commit_of(change, prepared);
    store(std::make_shared<Making>(Making{std::move(change),
                                          std::move(prepared),
                                          std::move(receipt),
                                          std::move(commit),
                                          arrived,
                                          {},
                                          std::move(done),
                                          std::move(turn)}));
}

void Controller::put_in_force(Making& making) {
    const Change& change = making.change;
    Receipt& receipt = making.receipt;
    receipt.stored_us = micros_between(making.storing, steady_clock::now());
    pending_ = making.commit.pending;
    waits_on_for_.clear();
    if (pending_) {
        // A caller that was promised a minute has it from now on, however long the disk took.
        pending_->deadline_ms =
            std::max(pending_->deadline_ms,
                     unix_ms(system_clock::now() + change.confirm_within.value_or(std::chrono::milliseconds{})));
        receipt.confirm_by = timestamp(from_unix_ms(pending_->deadline_ms));
    }
    arm_confirmation();
    const auto before = std::exchange(model_, making.prepared.model);
    generation_ = receipt.generation;
    open_drain(change, *before, *model_);
    receipt.drains = drains_.find(generation_) != nullptr;
    nlohmann::ordered_json event = {
        {"generation", generation_}, {"verb", change.verb}, {"who", change.caller.who}, {"changes", receipt.changes}};
    if (!receipt.moves.empty()) event["moves"] = receipt.moves;
    if (!change.caller.reason.empty()) event["reason"] = change.caller.reason;

    auto& waiting = waiting_[generation_];
    waiting.receipt = std::move(receipt);
    waiting.arrived = making.arrived;
    waiting.published = steady_clock::now();
    waiting.done = std::move(making.done);
    waiting.timer = std::make_unique<boost::asio::steady_timer>(executor_, kAdoptionWait);
    waiting.timer->async_wait([this, g = generation_, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) finish(g);
    });
    snapshot_ = making.prepared.snapshot;
    // Endpoints without health checks are up before a worker routes to them.
    doors_.data_plane.follow(*model_);
    doors_.data_plane.publish(std::move(making.prepared.snapshot));
    events_.add("change", std::move(event));
}

}  // namespace switchyard::control

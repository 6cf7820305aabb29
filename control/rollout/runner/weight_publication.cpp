#include "control/rollout/runner/weight_publication.h"

#include <algorithm>

#include "control/core/way_back.h"
#include "control/rollout/fit_plan.h"

namespace switchyard::control::rollout {

namespace {

// By itself: whatever the weight is written as.
bool gets_all(const config::Split& split, const std::string& upstream) {
    return std::ranges::any_of(split, [&](const auto& part) { return part.first == upstream && part.second > 0; }) &&
           std::ranges::none_of(split, [&](const auto& part) { return part.first != upstream && part.second > 0; });
}

bool gets_nothing(const config::Split& split, const std::string& upstream) {
    return std::ranges::none_of(split, [&](const auto& part) { return part.first == upstream && part.second > 0; });
}

}  // namespace

void WeightPublication::want(Ppm weight, Terms terms) {
    wanted_ = weight;
    terms_ = terms;
    retry_at_ = Monotonic{0};
}

void WeightPublication::publish(const std::string& unkept, const std::string& why) {
    if (!wanted_) return;
    const Ppm weight = *wanted_;
    const bool falls = weight < in_force_ || weight == 0;
    if (!falls && (!unkept.empty() || under_way_)) return;
    // It is on its way already: another attempt would take its place, and wait anew.
    if (under_way_ && given_weight_ == weight && given_terms_ == terms_) return;
    if (doors_.clock.now() < retry_at_) return;
    under_way_ = true;
    given_weight_ = weight;
    given_terms_ = terms_;
    awaiting_.reset();
    const std::uint64_t attempt = ++attempt_;
    Change change;
    // The switch that is watched was a person's; only its return is the watch's own.
    change.verb = plan_.watch && terms_.returning ? kWatchVerb : kRolloutVerb;
    change.caller = {"rollout " + id_, "", why};
    change.holder = id_;
    change.settles_pending = falls;  // a rollback waits for no confirmation
    change.force = falls || terms_.force || terms_.returning;
    change.unstored_if_need_be = terms_.returning;
    if (!unkept.empty()) change.journal = JournalRow{id_, unkept};
    change.edit = [weak = weak_from_this(), attempt, plan = plan_, weight, id = id_, returning = terms_.returning,
                   made = terms_.ours ? std::nullopt : made_](const config::Model& now,
                                                              const Facts&) -> Result<config::Model> {
        // It may have waited for its turn while another one, such as a return, has been made.
        if (const auto self = weak.lock(); !self || self->attempt_ != attempt)
            return problems::conflict("another weight has taken the place of this one");
        if (returning) {
            const config::Route* route = find_route(now, plan.route);
            if (route == nullptr || (weight == 0 && gets_nothing(route->split, plan.to))) return now;
            if (made && route->split != *made) return now;
        }
        if (const config::Route* route = find_route(now, plan.route);
            route != nullptr && weight == kWhole && gets_all(route->split, plan.to))
            return now;  // a watched switch: a generation of its own would be in the way of its undo
        config::Model next = now;
        const auto it = std::ranges::find(next.routes, plan.route, &config::Route::name);
        if (it == next.routes.end()) return problems::conflict("route " + plan.route + " is gone");
        it->split = split_at(plan, *it, weight);
        // A salt of its own, so that two rollouts do not try their luck on the same people.
        if (it->sticky && weight > 0 && weight < kWhole) it->sticky->salt = plan.route + "/" + id;
        return next;
    };
    doors_.steering.change(std::move(change), [weak = weak_from_this(), weight, attempt](const Answer& answer) {
        if (const auto self = weak.lock()) self->answered(weight, attempt, answer);
    });
}

void WeightPublication::answered(Ppm weight, std::uint64_t attempt, const Answer& answer) {
    if (attempt != attempt_) return;  // a later publication has taken its place
    under_way_ = false;
    if (!answer) {
        constexpr Monotonic kRetry{500};
        if (problem_ != answer.error().detail)
            doors_.outside.event({{"rollout", id_}, {"kind", "publish_failed"}, {"detail", answer.error().detail}});
        problem_ = answer.error().detail;
        retry_at_ = doors_.clock.now() + kRetry;
        return;
    }
    problem_.clear();
    generation_ = answer->generation;
    if (const auto* route = find_route(doors_.steering.model(), plan_.route)) made_ = route->split;
    if (!answer->waiting_for.empty() && !doors_.workers.adopted(answer->generation)) {
        awaiting_ = answer->generation;
        problem_ = "some worker has not adopted the weight yet";
        return;
    }
    arrive(weight);
}

void WeightPublication::check_adopted() {
    if (awaiting_ && doors_.workers.adopted(*awaiting_) && wanted_) arrive(*wanted_);
}

void WeightPublication::go_on(const std::string& unkept, const std::string& why) {
    if (!under_way_ && !awaiting_) publish(unkept, why);
}

void WeightPublication::arrive(Ppm weight) {
    awaiting_.reset();
    problem_.clear();
    in_force_ = weight;
    if (wanted_ == weight) wanted_.reset();
    arrived_(weight);
}

}  // namespace switchyard::control::rollout

#include "bench/yardbench/scenario/scenario_workload.h"

#include <fmt/format.h>

#include <numeric>

namespace yardbench {
namespace {

constexpr std::size_t kMaxReasons = 20;            // different reasons kept; more say nothing new
constexpr Nanos kAfterFailedStart = kSecond / 10;  // before a start step is tried again (closed loop)

// The group of user i, so that any first n users are divided as nearly as can be by the shares.
const Group& group_of(const Scenario& scenario, std::uint64_t user) {
    const double whole = std::accumulate(scenario.groups.begin(), scenario.groups.end(), 0.0,
                                         [](double sum, const Group& group) { return sum + group.share; });
    // A low-discrepancy walk through [0, 1): the golden ratio's multiples.
    constexpr double kGolden = 0.6180339887498949;
    const double walked = 0.5 + static_cast<double>(user) * kGolden;
    double at = (walked - static_cast<double>(static_cast<std::uint64_t>(walked))) * whole;
    for (const Group& group : scenario.groups) {
        if (at < group.share) return group;
        at -= group.share;
    }
    return scenario.groups.back();
}

bool gateway_failed(unsigned status) {
    return status >= 502 && status <= 504;
}

}  // namespace

ScenarioWorkload::ScenarioWorkload(const Cast& cast, unsigned thread, unsigned threads)
    : cast_(cast), random_(cast.seed * 1'000'003 + thread) {
    const Scenario& scenario = *cast_.scenario;
    for (std::uint64_t number = thread; number < cast_.users; number += threads) {
        User user;
        user.number = number;
        user.group = &group_of(scenario, number);
        user.variables.resize(scenario.names.variables.size());
        user.known.resize(scenario.names.variables.size());
        user.turns.resize(scenario.step_names.size());
        for (const auto& [index, value] : scenario.variables) {
            user.variables[index] = value;
            user.known[index] = true;
        }
        users_.push_back(std::move(user));
    }
    for (const Feed& feed : scenario.feeds) feed_at_.push_back(random_() % feed.rows.size());
}

std::string_view ScenarioWorkload::feed(std::size_t feed, std::size_t field) {
    return cast_.scenario->feeds[feed].rows[feed_at_[feed]][field];
}

bool ScenarioWorkload::can(const User& user, const Step& step) const {
    for (std::size_t variable : step.needs)
        if (!user.known[variable]) return false;
    return true;
}

const Step& ScenarioWorkload::choose(User& user) {
    if (user.started < user.group->start.size()) return user.group->start[user.started];
    double whole = 0;
    for (const Step& step : user.group->mix)
        if (can(user, step)) whole += step.weight;
    double at = static_cast<double>(random_() >> 11) / 9007199254740992.0 * whole;
    const Step* chosen = nullptr;
    for (const Step& step : user.group->mix) {
        if (!can(user, step)) continue;
        chosen = &step;
        if (at < step.weight) break;
        at -= step.weight;
    }
    // Nothing can be done: sending the first step with an empty variable shows up as its failure, not as silence.
    return chosen != nullptr ? *chosen : user.group->mix.front();
}

void ScenarioWorkload::render(User& user) {
    const Step& step = *user.step;
    current_ = &user;
    ++user.unique;
    for (std::size_t i = 0; i < feed_at_.size(); ++i)
        feed_at_[i] = (feed_at_[i] + 1) % cast_.scenario->feeds[i].rows.size();
    std::string& out = user.request;
    out.clear();
    out += step.method;
    out += ' ';
    step.path.append_to(out, *this);
    out += " HTTP/1.1\r\n";
    if (!step.says_host) {
        out += "Host: ";
        out += cast_.host;
        out += "\r\n";
    }
    for (const auto& [name, value] : step.headers) {
        out += name;
        out += ": ";
        value.append_to(out, *this);
        out += "\r\n";
    }
    body_.clear();
    if (step.has_body) step.body.append_to(body_, *this);
    if (step.has_body || step.method == "POST" || step.method == "PUT" || step.method == "PATCH")
        fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", body_.size());
    out += "\r\n";
    out += body_;
}

void ScenarioWorkload::next(std::uint32_t slot, Call& call) {
    User& user = users_[slot];
    const bool again = user.step != nullptr && user.started < user.group->start.size() &&
                       user.step == &user.group->start[user.started];
    user.step = &choose(user);
    render(user);
    const Step& step = *user.step;
    call.bytes = user.request;
    call.tag = step.tag;
    call.head = step.method == "HEAD";
    call.keep_text = !step.captures.empty() || !step.expect_headers.empty() || !step.expect_json.empty() ||
                     !step.acknowledge.empty();
    call.think = step.think_least;
    if (step.think_most > step.think_least)
        call.think += static_cast<Nanos>(random_() % static_cast<std::uint64_t>(step.think_most - step.think_least));
    if (again) call.think += kAfterFailedStart;
}

void ScenarioWorkload::note(const Step& step, const std::string& why) {
    const std::string line = step.name + ": " + why;
    if (reasons_.size() < kMaxReasons || reasons_.contains(line)) ++reasons_[line];
}

Verdict ScenarioWorkload::finished(const Outcome& outcome) {
    User& user = users_[outcome.slot];
    const Step& step = *user.step;
    Verdict verdict;
    verdict.failure = outcome.failure;
    const bool lost = is_cut(outcome.failure) || (outcome.failure == Failure::none && gateway_failed(outcome.status));
    if (step.retry_cut && lost && outcome.attempts < kMaxAttempts) {
        verdict.retry = true;
        verdict.reconnect = true;
        return verdict;
    }
    if (outcome.failure != Failure::none) {
        note(step, std::string(name_of(outcome.failure)));
        return verdict;
    }
    AnswerCheck check = check_answer(
        step, *outcome.response, user.turns[step.tag]++,
        [&](std::size_t variable, std::string value) {
            user.variables[variable] = std::move(value);
            user.known[variable] = true;
        },
        [this](std::uint64_t below) { return random_() % below; });
    if (!check.right) {
        verdict.failure = outcome.status >= 400 ? Failure::status : Failure::assertion;
        note(step, check.why);
        return verdict;
    }
    if (!step.acknowledge.empty()) acknowledged_.push_back(std::move(check.acknowledged));
    if (user.started < user.group->start.size()) ++user.started;
    return verdict;
}

}  // namespace yardbench

// Virtual users doing a scenario: one user per slot, each with its own variables and its own place in the scenario.
//
// Invariants: the users of all threads are numbered without gaps; the groups' shares hold over all users, not per
//   thread; a step is only chosen when its variables are known. A start step that fails is tried again.
// Threads: one object per load thread; the Scenario is shared and not changed.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "bench/yardbench/engine/workload.h"
#include "bench/yardbench/scenario/answer_check.h"

namespace yardbench {

// What the users of a run have in common.
struct Cast {
    const Scenario* scenario = nullptr;
    std::string host;    // for the Host header
    std::string run;     // the word of this run
    unsigned users = 0;  // of all threads
    std::uint64_t seed = 1;
};

class ScenarioWorkload : public Workload, private Template::Source {
  public:
    ScenarioWorkload(const Cast& cast, unsigned thread, unsigned threads);

    void next(std::uint32_t slot, Call& call) override;
    Verdict finished(const Outcome& outcome) override;

    // What accepted writes said they had made, in the order they were answered.
    const std::vector<std::string>& acknowledged() const { return acknowledged_; }
    // Why assertions were broken, with counts; at most a few different ones.
    const std::map<std::string, std::uint64_t>& reasons() const { return reasons_; }

  private:
    struct User {
        std::uint64_t number = 0;
        const Group* group = nullptr;
        std::size_t started = 0;  // start steps done
        const Step* step = nullptr;
        std::vector<std::string> variables;
        std::vector<bool> known;
        std::vector<std::uint64_t> turns;  // by tag
        std::string request;
        std::uint64_t unique = 0;
    };

    const Step& choose(User& user);
    bool can(const User& user, const Step& step) const;
    void render(User& user);
    void note(const Step& step, const std::string& why);

    std::string_view variable(std::size_t index) const override { return current_->variables[index]; }
    std::string_view feed(std::size_t feed, std::size_t field) override;
    std::uint64_t user() const override { return current_->number; }
    std::string_view run() const override { return cast_.run; }
    std::uint64_t unique() override { return current_->unique; }
    std::uint64_t random(std::uint64_t below) override { return random_() % below; }

    const Cast cast_;
    std::mt19937_64 random_;
    std::vector<User> users_;
    User* current_ = nullptr;             // whose request is being filled in
    std::vector<std::uint64_t> feed_at_;  // the row of each feed for the current request
    std::string body_;
    std::vector<std::string> acknowledged_;
    std::map<std::string, std::uint64_t> reasons_;
};

}  // namespace yardbench

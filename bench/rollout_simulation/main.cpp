// rollout_simulation validity|power|bound: the rollout analysis on a simulated clock.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>

#include "bench/rollout_simulation/scenarios.h"

int main(int argc, char** argv) {
    using namespace rollout_simulation;
    Scale scale;
    std::string json_file;
    bool check = false;
    CLI::App app{"The rollout analysis on a simulated clock: how often it is wrong, and how fast it is right."};
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--seed", scale.seed, "of the first run; each run has its own");
    app.add_option("--look", scale.look, "seconds between two looks of the analysis")->check(CLI::Range(.001, 10.));
    app.add_option("--threads", scale.threads, "runs side by side")->check(CLI::Range(1, 256));
    app.add_option("--only", scale.only, "rows whose name has this in it");
    app.add_option("--json", json_file, "also write the figures here");
    app.add_flag("--check", check, "exit 1 when a row is beyond its bound");
    auto* validity_verb = app.add_subcommand("validity", "A/A rollouts: how many are rolled back");
    validity_verb->add_option("--rollouts", scale.runs, "of each kind")->check(CLI::Range(1, 1'000'000));
    validity_verb->add_option("--seconds", scale.seconds, "simulated, each")->check(CLI::Range(10, 1'000'000));
    auto* power_verb = app.add_subcommand("power", "regressions: how soon they are rolled back");
    power_verb->add_option("--runs", scale.runs, "of each kind")->check(CLI::Range(1, 1'000'000));
    auto* bound_verb = app.add_subcommand("bound", "what a regression costs a test that is told what to look for");
    bound_verb->add_option("--runs", scale.runs, "of each kind")->check(CLI::Range(1, 1'000'000));
    CLI11_PARSE(app, argc, argv);

    const auto began = std::chrono::steady_clock::now();
    const auto rows = validity_verb->parsed() ? validity(scale)
                      : power_verb->parsed()  ? power(scale)
                                              : best_possible(scale);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    bool held = true;
    nlohmann::ordered_json all;
    for (const Row& row : rows) {
        held = held && row.held;
        fmt::print("{:42} {}{}\n", row.name, row.text, row.held ? "" : "  BEYOND ITS BOUND");
        all.push_back({{"name", row.name}, {"held", row.held}, {"figures", row.figures}});
    }
    fmt::print("{:.1f} s\n", took);
    if (!json_file.empty()) {
        std::ofstream out(json_file);
        out << nlohmann::ordered_json{{"seed", scale.seed}, {"rows", all}}.dump(2) << '\n';
        if (!out) {
            fmt::print(stderr, "cannot write {}\n", json_file);
            return 1;
        }
    }
    return check && !held ? 1 : 0;
}

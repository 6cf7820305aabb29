// switchyard rollout start FILE | status [ID] | watch ID | promote|pause|resume|abort ID
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "control/cli/rollout_view.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr std::chrono::milliseconds kLook{500};

struct RolloutArguments {
    std::string what, which;
};

int start_rollout(const Options& options, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        fmt::print(stderr, "switchyard: {} cannot be read\n", path);
        return kRefused;
    }
    const auto answer = AdminClient(options.client).call("POST", "/v1/rollouts", text.str());
    if (!answer.done()) return print_problem(options, answer);
    fmt::print("{}\n", options.json ? answer.json.dump(2) : "rollout " + text_of(answer.json["id"]) + " runs");
    return kDone;
}

bool ended(const Json& rollout) {
    const auto state = rollout.value("state", "");
    return state == "succeeded" || state == "rolled_back" || state == "aborted";
}

int watch_rollout(const Options& options, const std::string& id) {
    while (true) {
        const auto answer = AdminClient(options.client).call("GET", "/v1/rollouts/" + path_segment(id));
        if (!answer.done()) return print_problem(options, answer);
        if (options.json)
            fmt::print("{}\n", answer.json.dump());
        else
            for (const auto& line : rollout_lines(answer.json)) fmt::print("{}\n", line);
        std::fflush(stdout);
        if (ended(answer.json)) return answer.json["state"] == "succeeded" ? kDone : kRefused;
        std::this_thread::sleep_for(kLook);
    }
}

int run_rollout(const Options& options, const RolloutArguments& a) {
    if (a.what == "start") return start_rollout(options, a.which);
    const std::string path = "/v1/rollouts" + (a.which.empty() ? "" : "/" + path_segment(a.which));
    if (a.what == "status")
        return show(options, path, [&](const Json& answer) {
            if (answer.contains("rollouts")) {
                if (answer["rollouts"].empty()) fmt::print("no rollouts\n");
                for (const auto& one : answer["rollouts"])
                    for (const auto& line : rollout_lines(one)) fmt::print("{}\n", line);
                return;
            }
            for (const auto& line : rollout_lines(answer)) fmt::print("{}\n", line);
        });
    if (a.which.empty()) {
        fmt::print(stderr, "switchyard: rollout {} needs the id of a rollout, such as r1\n", a.what);
        return kUsage;
    }
    if (a.what == "watch") return watch_rollout(options, a.which);
    const auto answer = AdminClient(options.client).call("POST", path + "/" + a.what);
    if (!answer.done()) return print_problem(options, answer);
    if (options.json)
        fmt::print("{}\n", answer.json.dump(2));
    else
        for (const auto& line : rollout_lines(answer.json)) fmt::print("{}\n", line);
    return kDone;
}

}  // namespace

void add_rollout(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "rollout", "Begin a rollout, look at it, and steer it",
                          "switchyard rollout start plan.json && switchyard rollout watch r1");
    auto a = std::make_shared<RolloutArguments>();
    verb->add_option("WHAT", a->what)
        ->required()
        ->check(CLI::IsMember({"start", "status", "watch", "promote", "pause", "resume", "abort"}));
    verb->add_option("FILE-OR-ID", a->which, "start: the plan's file; else the rollout's id (status: all without it)");
    verb->callback([&, a] {
        if (a->what == "start" && a->which.empty()) throw CLI::RequiredError("FILE-OR-ID");
        action = [&, a] { return run_rollout(options, *a); };
    });
}

}  // namespace switchyard::control::cli

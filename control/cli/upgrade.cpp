// switchyard upgrade: another process, of another version, takes the running one's place.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};
// The admin API goes from one process to the other: for a moment neither answers, on a busy machine for as long as
// freeze and takeover may take.
constexpr std::chrono::seconds kNobody{20};

struct Wanted {
    std::string binary, drain_within, probation;
    bool cut_oldest = false;
};

// Until it has succeeded or failed.
int await_end(const Options& options, const std::string& id, bool quiet) {
    std::string said;
    auto heard = steady_clock::now();
    for (;;) {
        std::this_thread::sleep_for(kLook);
        const auto answer = AdminClient(options.client).call("GET", "/v1/upgrade");
        if (!answer.done()) {
            if (steady_clock::now() - heard > kNobody) return print_problem(options, answer);
            continue;
        }
        heard = steady_clock::now();
        const Json& upgrade = answer.json["upgrade"];
        const std::string phase = upgrade.value("phase", ""), state = upgrade.value("state", "");
        if (upgrade.value("id", "") != id) {
            fmt::print(stderr, "switchyard: the upgrade is not known any more: another one has begun\n");
            return kIncomplete;
        }
        if (!quiet && phase != said && state != "failed") fmt::print("{}\n", safe_text(said = phase));
        if (state == "done" || state == "failed") {
            if (options.json) fmt::print("{}\n", json_text(answer.json));
            if (state == "done") return kDone;
            fmt::print(stderr, "switchyard: failed in its phase {}: {}; the process of before goes on\n",
                       safe_text(phase), safe_text(upgrade.value("detail", "")));
            return kRefused;
        }
    }
}

int end_predecessors(const Options& options) {
    const auto answer = send_change(options, "POST", "/v1/upgrade/finish", Json());
    if (!answer.done()) return print_problem(options, answer);
    if (options.json) fmt::print("{}\n", json_text(answer.json));
    return kDone;
}

int begin(const Options& options, const Wanted& wanted) {
    Json body = Json::object();
    if (!wanted.binary.empty()) body["binary"] = std::filesystem::absolute(wanted.binary).lexically_normal().string();
    if (!wanted.drain_within.empty()) body["drain_within"] = wanted.drain_within;
    if (!wanted.probation.empty()) body["probation"] = wanted.probation;
    if (wanted.cut_oldest) body["cut_oldest"] = true;
    const auto answer = send_change(options, "POST", "/v1/upgrade", body);
    if (answer.status == 404) {
        fmt::print(stderr,
                   "switchyard: the program that runs is from before it could be replaced while it serves: "
                   "restart it\n");
        return kUnreachable;
    }
    if (answer.status != 202) return print_problem(options, answer);
    return await_end(options, answer.json["upgrade"].value("id", ""), options.json);
}

}  // namespace

void add_upgrade(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "upgrade",
                          "Have another process, of the program as it is now, take the running one's place; no "
                          "connection is lost, and where it fails the running one goes on",
                          "switchyard upgrade --binary /usr/bin/switchyard --probation 30s");
    auto wanted = std::make_shared<Wanted>();
    verb->add_option("--binary", wanted->binary, "the program; without it that of the running process, as it is now");
    verb->add_option("--drain-within", wanted->drain_within,
                     "what the process of before still has is ended after this time (10m)")
        ->check(duration_option());
    verb->add_option("--probation", wanted->probation, "for so long the process of before would take all back (30s)")
        ->check(duration_option());
    verb->add_flag(
        "--cut-oldest", wanted->cut_oldest,
        "where two processes of earlier upgrades still have something younger than --drain-within: end the oldest");
    auto finish = std::make_shared<std::string>();
    verb->add_option("finish", *finish, "instead: end what the processes of before still have, now")
        ->check(CLI::IsMember({"finish"}));
    verb->callback([&, wanted, finish] {
        action = [&, wanted, finish] { return finish->empty() ? begin(options, *wanted) : end_predecessors(options); };
    });
}

}  // namespace switchyard::control::cli

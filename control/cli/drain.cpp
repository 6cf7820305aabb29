// switchyard drain [ID]: what is still in flight by older generations.
#include <fmt/format.h>

#include "control/cli/drain_wait.h"
#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

void print_drain(const Json& d) {
    fmt::print("drain {}  {}  since {}\n", text_of(d["id"]), text_of(d["state"]), text_of(d["started_at"]));
    for (const auto& [upstream, count] : d["in_flight"].items())
        fmt::print("  {}: {}\n", upstream, in_flight_words(count));
    for (const auto& held : d.value("oldest", Json::array()))
        fmt::print("    {:>7.1f} s  {} {}  {} of {}, from {}{}\n", held.value("age_ms", 0.0) / 1000.0,
                   text_of(held["method"]), text_of(held["path"]), text_of(held["upstream"]), text_of(held["route"]),
                   text_of(held["client"]), held.value("tunnel", false) ? ", a tunnel" : "");
}

}  // namespace

ClientAnswer drain_after(const Options& options, const std::string& id, const std::string& wait) {
    return AdminClient(options.client).call("GET", "/v1/drains/" + path_segment(id) + "?wait=" + path_segment(wait));
}

int wait_drained(const Options& options, const std::string& id, const std::string& wait) {
    const auto answer = drain_after(options, id, wait);
    if (!answer.done()) return print_problem(options, answer);
    const bool drained = answer.json["state"] == "done";
    if (options.json)
        fmt::print("{}\n", json_text(answer.json));
    else if (drained)
        fmt::print("drained: nothing is in flight by older generations (exact)\n");
    else
        print_drain(safe_json(answer.json));
    if (!drained) fmt::print(stderr, "NOT drained within {}\n", wait);
    return drained ? kDone : kIncomplete;
}

int print_drained(const Options& options, const ClientAnswer& receipt, const std::string& wait) {
    const bool waits = receipt.done() && !wait.empty() && !options.dry_run && receipt.json.contains("drain");
    if (!waits) return print_receipt(options, receipt);
    const auto id = text_of(receipt.json["drain"]["id"]);
    if (!options.json) {
        print_receipt(options, receipt);
        return wait_drained(options, id, wait);
    }
    // One document: the receipt, with the drain as it was when it had ended or the time was over.
    auto whole = receipt;
    const auto drain = drain_after(options, id, wait);
    if (!drain.done()) {
        print_receipt(options, receipt);
        return kIncomplete;
    }
    whole.json["drain"] = drain.json;
    print_receipt(options, whole);
    return drain.json["state"] == "done" ? kDone : kIncomplete;
}

void add_drain(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "drain", "Show drains, or wait for one", "switchyard drain 43 --wait 30s");
    auto id = std::make_shared<std::string>();
    auto wait = std::make_shared<std::string>();
    verb->add_option("ID", *id, "the generation that began it; all of them when left out");
    verb->add_option("--wait", *wait, "wait until it has ended, at most so long (30s); then the exit code is 3")
        ->check(duration_option());
    verb->callback([&, id, wait] {
        action = [&, id, wait] {
            if (!id->empty() && !wait->empty()) return wait_drained(options, *id, *wait);
            if (!id->empty()) return show(options, "/v1/drains/" + path_segment(*id), print_drain);
            return show(options, "/v1/drains", [](const Json& all) {
                if (all["drains"].empty()) fmt::print("no drains\n");
                for (const auto& d : all["drains"]) print_drain(d);
            });
        };
    });
}

}  // namespace switchyard::control::cli

#include "control/cli/check_state.h"

#include <fmt/format.h>

#include <filesystem>

#include "config/parse.h"
#include "config/text/count.h"
#include "control/cli/verbs.h"
#include "control/store/store.h"

namespace switchyard::control::cli {
namespace {

int fails(const std::string& folder, bool json, const std::string& why) {
    if (json)
        fmt::print("{}\n", Json{{"valid", false}, {"errors", {{{"pointer", ""}, {"detail", why}}}}}.dump(2));
    else
        fmt::print(stderr, "{}: {}\n", folder, why);
    return kRefused;
}

Json rows_of(const std::vector<config::Error>& errors) {
    Json out = Json::array();
    for (const auto& e : errors) out.push_back({{"pointer", e.pointer}, {"detail", e.detail}});
    return out;
}

}  // namespace

int check_state(const std::string& folder, bool json) {
    const std::string path = folder + "/switchyard.db";
    std::error_code unknown;  // what cannot be looked at cannot be checked either
    if (!std::filesystem::exists(path, unknown)) return fails(folder, json, "holds no state file");
    const auto opened = Store::open_copy(path, "it is only looked at");
    if (!opened) return fails(folder, json, opened.error().detail);
    const auto newest = opened->store->newest();
    if (!newest) return fails(folder, json, newest.error().detail);
    if (!*newest) return fails(folder, json, opened->notice.empty() ? "holds no generation" : opened->notice);

    const auto taken = config::parse_stored((*newest)->config);
    // What an earlier version took and this one would refuse in a file: it is taken up, but a rule with it answers 503.
    const auto strict = config::parse(std::string_view((*newest)->config));
    const auto& warnings = taken.model ? strict.errors : std::vector<config::Error>{};
    if (json) {
        fmt::print("{}\n", Json{{"valid", taken.model.has_value()},
                                {"generation", (*newest)->number},
                                {"errors", rows_of(taken.errors)},
                                {"warnings", rows_of(warnings)}}
                               .dump(2));
    } else {
        const std::string where = fmt::format("{}: generation {}", folder, (*newest)->number);
        for (const auto& e : taken.errors) fmt::print(stderr, "{}: {}: {}\n", where, e.pointer, e.detail);
        for (const auto& e : warnings)
            fmt::print(stderr, "{}: {}: {}; it is taken up, and a request that comes to it is answered 503\n", where,
                       e.pointer, e.detail);
        if (!opened->notice.empty()) fmt::print(stderr, "{}: {}\n", folder, opened->notice);
        if (taken.model)
            fmt::print("{} is taken up ({}, {})\n", where, config::count_of(taken.model->routes.size(), "route"),
                       config::count_of(taken.model->upstreams.size(), "upstream"));
    }
    return taken.model ? kDone : kRefused;
}

}  // namespace switchyard::control::cli

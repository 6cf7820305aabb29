// switchyard diff G [H]: what changes from one generation to another. switchyard diff FILE: what taking it over would.
#include <fmt/format.h>

#include <charconv>

#include "control/base/layered_file.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct DiffArguments {
    std::string from;  // a generation, or a file
    std::uint64_t to = 0;
    bool patch = false;
    std::vector<std::string> overlays;
};

int between(const Options& options, std::uint64_t from, std::uint64_t to, bool patch) {
    if (to == 0) {
        const auto status = AdminClient(options.client).call("GET", "/v1/status");
        if (!status.done()) return print_problem(options, status);
        to = status.json["generation"].get<std::uint64_t>();
    }
    return show(options, fmt::format("/v1/generations/{}/diff/{}", from, to), [patch](const Json& diff) {
        if (patch) {
            fmt::print("{}\n", json_text(diff["patch"]));
            return;
        }
        if (diff["changes"].empty()) fmt::print("no difference\n");
        for (const auto& line : diff["changes"]) fmt::print("{}\n", text_of(line));
    });
}

// The dry run of `apply`.
int with_file(const Options& options, const DiffArguments& a) {
    const auto file = read_layered_file(a.from, a.overlays);
    if (!file) {
        fmt::print(stderr, "switchyard: {} is neither a generation nor a file that can be read: {}\n", a.from,
                   file.error().detail);
        for (const auto& e : file.error().errors) fmt::print(stderr, "  {}: {}\n", e.pointer, safe_text(e.detail));
        return kRefused;
    }
    if (a.patch || a.to != 0) {
        fmt::print(
            stderr,
            "switchyard: --patch and a second generation go with generations, not with a file; nothing was done\n");
        return kUsage;
    }
    Options looks = options;
    looks.dry_run = true;
    return print_receipt(looks, send_change_text(looks, "POST", "/v1/config/apply", file->bytes, {}));
}

int run(const Options& options, const DiffArguments& a) {
    std::uint64_t from = 0;
    const char* end = a.from.data() + a.from.size();
    const auto read = std::from_chars(a.from.data(), end, from);
    return read.ec == std::errc{} && read.ptr == end ? between(options, from, a.to, a.patch) : with_file(options, a);
}

}  // namespace

void add_diff(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "diff",
                          "Show what changes from generation G to H (or to the one in force), or what taking a "
                          "configuration file over would change",
                          "switchyard diff 41 43\n  switchyard diff base.json --overlay prod.json");
    auto a = std::make_shared<DiffArguments>();
    verb->add_option("G", a->from, "the generation to begin with, or a file")->required();
    verb->add_option("H", a->to, "the generation to end with; the one in force when left out");
    verb->add_flag("--patch", a->patch, "as JSON Patch (RFC 6902)");
    add_overlays(*verb, a->overlays);
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli

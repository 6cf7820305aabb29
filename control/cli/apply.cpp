// switchyard apply FILE: what changed in the file since it was last taken over, applied to what is in force.
#include <fmt/format.h>

#include "control/base/layered_file.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct ApplyArguments {
    std::string file;
    std::vector<std::string> overlays;
    bool file_wins = false;
};

int apply(const Options& options, const ApplyArguments& a) {
    const auto file = read_layered_file(a.file, a.overlays);
    if (!file) {
        fmt::print(stderr, "switchyard: {}\n", file.error().detail);
        for (const auto& e : file.error().errors) fmt::print(stderr, "  {}: {}\n", e.pointer, safe_text(e.detail));
        return kRefused;
    }
    std::vector<std::string> queries;
    if (a.file_wins) queries.emplace_back("file_wins=true");
    const auto answer = send_change_text(options, "POST", "/v1/config/apply", file->bytes, queries);
    const int code = print_receipt(options, answer);
    if (!a.file_wins && !options.json && answer.json.is_object() && answer.json.contains("conflicts"))
        fmt::print(stderr, "--file-wins decides for the file\n");
    return code;
}

}  // namespace

void add_apply(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "apply",
                 "Take a configuration file over; what was changed at run time stays where the file has not changed",
                 "switchyard apply /etc/switchyard.json --reason 'one more route'");
    add_change_options(*verb, options);
    auto a = std::make_shared<ApplyArguments>();
    verb->add_option("FILE", a->file, "the configuration file")->required();
    add_overlays(*verb, a->overlays);
    verb->add_flag("--file-wins", a->file_wins,
                   "where file and changes at run time contradict each other, the file counts");
    verb->callback([&, a] { action = [&, a] { return apply(options, *a); }; });
}

}  // namespace switchyard::control::cli

// switchyard audit [verify]: who did what, and whether the record is whole.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

int verify(const Options& options, const std::string& anchor) {
    const auto answer =
        AdminClient(options.client)
            .call("GET", "/v1/audit/verify" + (anchor.empty() ? "" : "?anchor=" + path_segment(anchor)));
    if (!answer.done()) return print_problem(options, answer);
    const bool intact = answer.json["intact"].get<bool>();
    if (options.json)
        fmt::print("{}\n", json_text(answer.json));
    else if (intact)
        fmt::print(
            "intact: {} lines, each following the one before{}\nkeep this elsewhere, and hold the record to it "
            "later: --anchor {}\n",
            text_of(answer.json["entries"]), anchor.empty() ? "" : ", with the one that was noted",
            text_of(answer.json["anchor"]));
    else
        fmt::print(stderr, "NOT intact: {}\n", text_of(answer.json["detail"]));
    return intact ? kDone : kRefused;
}

}  // namespace

void add_audit(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "audit", "Show who did what and why, newest first; or verify the record",
                          "switchyard audit verify");
    auto what = std::make_shared<std::string>();
    auto limit = std::make_shared<unsigned>(20);
    auto anchor = std::make_shared<std::string>();
    verb->add_option("WHAT", *what, "verify: check the hash chain")->check(CLI::IsMember({"verify"}));
    verb->add_option("--limit", *limit, "how many lines")->capture_default_str();
    verb->add_option("--anchor", *anchor,
                     "verify: LINE:HASH that an earlier verify told; a record written anew is found");
    verb->callback([&, what, limit, anchor] {
        action = [&, what, limit, anchor] {
            if (*what == "verify") return verify(options, *anchor);
            return show(options, fmt::format("/v1/audit?limit={}", *limit), [](const Json& all) {
                std::vector<std::vector<std::string>> rows{
                    {"LINE", "AT", "WHO", "FROM", "VERB", "GENERATION", "CHANGES", "REASON"}};
                for (const auto& e : all["audit"])
                    rows.push_back({text_of(e["number"]), text_of(e["at"]).substr(0, 19), text_of(e["who"]),
                                    text_of(e["from"]), text_of(e["verb"]), text_of(e["generation"]),
                                    e["changes"].empty() ? "" : text_of(e["changes"][0]), text_of(e["reason"])});
                print_table(rows);
            });
        };
    });
}

}  // namespace switchyard::control::cli

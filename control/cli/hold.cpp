// switchyard hold ROUTE, resume ROUTE: a route's requests wait, or get a page, while something is put in order.
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "control/cli/drain_wait.h"
#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct HoldArguments {
    std::string route, length = "30s", page, content_type, wait_drained;
    unsigned limit = 0, status = 0;
};

int hold(const Options& options, const HoldArguments& a) {
    Json body = {{"for", a.length}};
    if (a.limit != 0) body["limit"] = a.limit;
    if (a.status != 0 || !a.page.empty()) {
        auto& respond = body["respond"] = {{"status", a.status != 0 ? a.status : 503}};
        if (!a.content_type.empty()) respond["content_type"] = a.content_type;
        if (!a.page.empty()) {
            std::ifstream file(a.page, std::ios::binary);
            std::ostringstream text;
            text << file.rdbuf();
            if (!file) {
                fmt::print(stderr, "switchyard: --page: cannot read {}\n", a.page);
                return kUsage;
            }
            respond["body"] = text.str();
            if (a.content_type.empty()) respond["content_type"] = "text/html; charset=utf-8";
        }
    }
    const auto answer = send_change(options, "POST", "/v1/routes/" + path_segment(a.route) + "/hold", body);
    return print_drained(options, answer, a.wait_drained);
}

}  // namespace

void add_hold(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "hold", "Keep a route's requests waiting, or answer them with a page",
                          "switchyard hold forum --for 2m --wait-drained 30s --reason 'the database is migrated'");
    add_change_options(*verb, options);
    auto a = std::make_shared<HoldArguments>();
    verb->add_option("ROUTE", a->route, "the route's name")->required();
    verb->add_option("--for", a->length, "it ends by itself after so long")
        ->check(duration_option())
        ->capture_default_str();
    verb->add_option("--limit", a->limit, "requests that wait, over all workers; beyond them 503");
    verb->add_option("--page", a->page, "answer with the text of this file instead of keeping them waiting");
    verb->add_option("--status", a->status, "answer with this status instead of keeping them waiting (503)");
    verb->add_option("--content-type", a->content_type, "of the page");
    verb->add_option("--wait-drained", a->wait_drained,
                     "then wait until what was under way has finished, at most so long (30s); the exit code is 3 when "
                     "it has not")
        ->check(duration_option());
    verb->callback([&, a] { action = [&, a] { return hold(options, *a); }; });
}

void add_resume(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "resume", "Let the requests of a held route go on", "switchyard resume forum");
    add_change_options(*verb, options);
    auto route = std::make_shared<std::string>();
    verb->add_option("ROUTE", *route, "the route's name")->required();
    verb->callback([&, route] {
        action = [&, route] {
            return change(options, "POST", "/v1/routes/" + path_segment(*route) + "/resume", Json::object());
        };
    });
}

}  // namespace switchyard::control::cli

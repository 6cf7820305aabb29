// switchyard endpoint add|remove|drain|maint|up UPSTREAM ADDRESS
#include "control/cli/drain_options.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct EndpointArguments {
    std::string what, upstream, address;
    std::uint32_t weight = 1, max_connections = 0;
    bool backup = false;
    DrainOptions drain;
};

int run(const Options& options, const EndpointArguments& a) {
    const std::string path = "/v1/upstreams/" + path_segment(a.upstream) + "/endpoints/" + path_segment(a.address);
    if (a.what == "remove") return change(options, "DELETE", path, nullptr);
    if (a.what == "add") {
        Json settings = {{"weight", a.weight}};
        if (a.max_connections > 0) settings["max_connections"] = a.max_connections;
        if (a.backup) settings["backup"] = true;
        return change(options, "PUT", path, settings);
    }
    Json body = {{"state", a.what}};
    a.drain.into(body);
    return change(options, "POST", path + "/state", body);
}

}  // namespace

void add_endpoint(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "endpoint", "Add or remove an endpoint, take it out (drain, maint) or back (up)",
                 "switchyard endpoint drain blue 127.0.0.1:9001");
    add_change_options(*verb, options);
    auto a = std::make_shared<EndpointArguments>();
    verb->add_option("WHAT", a->what)->required()->check(CLI::IsMember({"add", "remove", "drain", "maint", "up"}));
    verb->add_option("UPSTREAM", a->upstream)->required();
    verb->add_option("ADDRESS", a->address)->required();
    verb->add_option("--weight", a->weight, "with add")->capture_default_str();
    verb->add_option("--max-connections", a->max_connections, "with add; 0: no limit")->capture_default_str();
    verb->add_flag("--backup", a->backup, "with add: only used when no other is routable");
    a->drain.add_to(*verb);
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli

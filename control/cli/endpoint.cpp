// switchyard endpoint add|remove|weight|drain|maint|up UPSTREAM ADDRESS
#include <fmt/format.h>

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

// The endpoint's settings with another weight, if nothing changes between the look and the change.
int set_weight(Options options, const EndpointArguments& a, const std::string& path) {
    const AdminClient client(options.client);
    const auto status = client.call("GET", "/v1/status");
    if (!status.done()) return print_problem(options, status);
    const auto config = client.call("GET", "/v1/config");
    if (!config.done()) return print_problem(options, config);
    Json settings;
    const auto upstream = config.json.value("upstreams", Json::object()).value(a.upstream, Json::object());
    for (const auto& endpoint : upstream.value("endpoints", Json::array()))
        if (endpoint["address"] == a.address) settings = endpoint;
    // One that is discovered: what there is of an override goes on. Whether there is such a one, the proxy knows.
    if (settings.is_null() && upstream.contains("discover"))
        settings = upstream.value("endpoint_overrides", Json::object()).value(a.address, Json::object());
    if (settings.is_null()) {
        fmt::print(stderr, "switchyard: {} has no endpoint {}; `switchyard status` shows what there is\n", a.upstream,
                   a.address);
        return kRefused;
    }
    settings.erase("address");
    settings["weight"] = a.weight;
    if (options.if_match.empty()) options.if_match = text_of(status.json["generation"]);
    return change(options, "PUT", path, settings);
}

int run(const Options& options, const EndpointArguments& a) {
    const std::string path = "/v1/upstreams/" + path_segment(a.upstream) + "/endpoints/" + path_segment(a.address);
    if (a.what == "remove") return change(options, "DELETE", path, nullptr);
    if (a.what == "weight") return set_weight(options, a, path);
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
    auto* verb = add_verb(
        app, options, "endpoint", "Add or remove an endpoint, set its weight, take it out (drain, maint) or back (up)",
        "switchyard endpoint drain blue 127.0.0.1:9001\n  switchyard endpoint weight blue 127.0.0.1:9001 --weight 3");
    add_change_options(*verb, options);
    auto a = std::make_shared<EndpointArguments>();
    verb->add_option("WHAT", a->what, "what becomes of it; add replaces all settings of one that is there")
        ->required()
        ->check(CLI::IsMember({"add", "remove", "weight", "drain", "maint", "up"}));
    verb->add_option("UPSTREAM", a->upstream, "the group it belongs to")->required();
    verb->add_option("ADDRESS", a->address, "host:port, [v6]:port or unix:/path")->required();
    auto* weight = verb->add_option("--weight", a->weight, "with add and weight")->capture_default_str();
    verb->add_option("--max-connections", a->max_connections, "with add; 0: no limit")->capture_default_str();
    verb->add_flag("--backup", a->backup, "with add: only used when no other is routable");
    a->drain.add_to(*verb);
    verb->callback([&, a, weight] {
        if (a->what == "weight" && weight->count() == 0)
            throw CLI::RequiredError("--weight N: switchyard endpoint weight " + a->upstream + " " + a->address +
                                     " --weight 3;");
        action = [&, a] { return run(options, *a); };
    });
}

}  // namespace switchyard::control::cli

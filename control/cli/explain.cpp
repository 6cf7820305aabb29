// switchyard explain METHOD URL: what the proxy would do with this request, and why.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct ExplainArguments {
    std::string method, url, client, listener;
    std::vector<std::string> headers;
};

void print(const Json& e) {
    for (const auto& line : e["why"]) fmt::print("{}\n", text_of(line));
    if (e.contains("status")) fmt::print("→ answered by the proxy: {}\n", text_of(e["status"]));
    if (e.contains("upstream"))
        fmt::print("→ upstream {} (generation {}{}){}\n", text_of(e["upstream"]), text_of(e["generation"]),
                   e.contains("protocol") ? ", spoken to in " + text_of(e["protocol"]) : "",
                   e.contains("endpoint") ? ", endpoint " + text_of(e["endpoint"]) : "");
    for (const auto& endpoint : e.value("endpoints", Json::array()))
        fmt::print(
            "   {:<24} {}\n", text_of(endpoint["address"]),
            endpoint["candidate"].get<bool>() ? "candidate" : "not: " + safe_text(endpoint.value("why_not", "")));
}

int run(const Options& options, const ExplainArguments& a) {
    std::string rest = a.url;
    if (const auto scheme = rest.find("://"); scheme != std::string::npos) rest = rest.substr(scheme + 3);
    const auto slash = std::min(rest.find_first_of("/?"), rest.size());
    Json body = {{"method", a.method}, {"host", rest.substr(0, slash)}, {"path", rest.substr(slash)}};
    if (body["path"].get<std::string>().empty()) body["path"] = "/";
    if (slash == 0) {
        fmt::print(stderr, "switchyard: {} has no host, by which routes are chosen: write http://forum.example{}\n",
                   a.url, rest);
        return kUsage;
    }
    if (!a.client.empty()) body["client"] = a.client;
    if (!a.listener.empty()) body["listener"] = a.listener;
    for (const auto& header : a.headers) {
        const auto colon = header.find(':');
        if (colon == std::string::npos) {
            fmt::print(stderr, "switchyard: {} is not 'Name: value'\n", header);
            return kUsage;
        }
        const auto value = header.find_first_not_of(' ', colon + 1);
        body["headers"][header.substr(0, colon)] = value == std::string::npos ? "" : header.substr(value);
    }
    const auto answer = AdminClient(options.client).call("POST", "/v1/explain", body.dump());
    if (!answer.done()) return print_problem(options, answer);
    if (options.json)
        fmt::print("{}\n", json_text(answer.json));
    else
        print(safe_json(answer.json));
    return kDone;
}

}  // namespace

void add_explain(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "explain", "Tell what the proxy would do with a request, and why",
                          "switchyard explain GET http://forum.example/t/1 -H 'X-Release: canary'");
    auto a = std::make_shared<ExplainArguments>();
    verb->add_option("METHOD", a->method, "as the request has it: GET, POST …")->required();
    verb->add_option("URL", a->url, "http://host/path?query, or host/path")->required();
    verb->add_option("-H,--header", a->headers, "'Name: value', may be repeated")->expected(1)->take_all();
    verb->add_option("--client", a->client, "the client's address");
    verb->add_option("--listener", a->listener, "name of the listener it comes to (default: the first)");
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli

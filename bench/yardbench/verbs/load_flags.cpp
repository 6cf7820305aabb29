#include "bench/yardbench/verbs/load_flags.h"

#include "bench/yardbench/report/duration.h"

namespace yardbench {

void LoadFlags::add_to(CLI::App& verb) {
    verb.add_option("url", url, "http://host:port/path")->required();
    verb.add_option("-c,--connections", connections, "keep-alive connections of the whole run")->capture_default_str();
    verb.add_option("-t,--threads", threads, "load threads, each with its own share of the connections")
        ->capture_default_str();
    verb.add_option("-r,--rate", rate,
                    "requests per second (open loop); without it closed loop: as fast as answers come");
    verb.add_option("--rate-from", rate_from, "start of a ramp that reaches --rate after --ramp");
    verb.add_option("--ramp", ramp, "length of the ramp")->capture_default_str();
    verb.add_option("-d,--duration", duration, "measured part of the run")->capture_default_str();
    verb.add_option("--warm-up", warm_up, "first part of the run, driven but not measured")->capture_default_str();
    verb.add_option("-n,--requests", requests, "stop after this many instead of after --duration");
    verb.add_option("--timeout", timeout, "of one request, connecting included")->capture_default_str();
    verb.add_option("--pin", processors, "processors for the load threads, e.g. 1,3")->delimiter(',');
    verb.add_flag("--close", close_each, "a new connection for every request");
    verb.add_flag("--json", json, "print the result as JSON");
    verb.add_flag("-q,--quiet", quiet, "no progress lines");
}

Plan LoadFlags::plan(const Url& target) const {
    Plan plan;
    plan.address = target.address;
    plan.address_length = target.address_length;
    plan.threads = threads;
    plan.connections = connections;
    const Nanos ramp_length = parse_duration(ramp);
    if (ramp_length > 0 && rate <= 0) throw std::invalid_argument("--ramp needs --rate, the rate it leads to");
    plan.timetable = {ramp_length > 0 ? rate_from : rate, rate, ramp_length};
    plan.duration = parse_duration(duration);
    plan.warm_up = parse_duration(warm_up);
    plan.requests = requests;
    plan.timeout = parse_duration(timeout);
    plan.close_each = close_each;
    plan.processors = processors;
    if (plan.duration <= 0 && requests == 0) throw std::invalid_argument("--duration must be more than nothing");
    return plan;
}

std::string request_text(const std::string& method, const Url& target, const std::vector<std::string>& headers,
                         const std::string& body, bool close_each) {
    std::string text = method + ' ' + target.path + " HTTP/1.1\r\nHost: " + target.authority + "\r\n";
    for (const std::string& header : headers) text += header + "\r\n";
    if (close_each) text += "Connection: close\r\n";
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

}  // namespace yardbench

#include "bench/yardbench/verbs/load_flags.h"

#include <algorithm>
#include <cstdlib>

#include "bench/yardbench/report/duration.h"

namespace yardbench {

namespace {

constexpr double kRateMost =
    100'000'000;  // more than any machine sends; beyond it the timetable's steps are no longer whole

// For options: empty when right. A rate that is none would quietly make another kind of run.
std::string rate_fault(const std::string& text) {
    char* end = nullptr;
    const double rate = std::strtod(text.c_str(), &end);
    if (end != text.c_str() && *end == '\0' && rate > 0 && rate <= kRateMost) return "";
    return "'" + text + "' is no rate; write requests per second, as in 5000";
}

bool is_word(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > ' ' && c < 0x7F &&
               std::string_view("()<>@,;:\\\"/[]?={}").find(static_cast<char>(c)) == std::string_view::npos;
    });
}

void require_header(const std::string& header) {
    const bool one_line =
        std::none_of(header.begin(), header.end(), [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; });
    const std::size_t colon = header.find(':');
    if (!one_line || colon == std::string::npos || !is_word(header.substr(0, colon)))
        throw std::invalid_argument("'" + header + "' is no header; write 'Name: value' on one line");
}

}  // namespace

void LoadFlags::add_to(CLI::App& verb) {
    verb.add_option("url", url, "http://host:port/path, or https://")->required();
    verb.add_option("-c,--connections", connections, "keep-alive connections of the whole run")->capture_default_str();
    verb.add_option("-t,--threads", threads, "load threads, each with its own share of the connections")
        ->capture_default_str();
    verb.add_option("-r,--rate", rate,
                    "requests per second (open loop); without it closed loop: as fast as answers come")
        ->check(rate_fault);
    CLI::Option* const length = verb.add_option("--ramp", ramp, "length of the ramp")->capture_default_str();
    verb.add_option("--rate-from", rate_from, "start of a ramp that reaches --rate after --ramp")
        ->check(rate_fault)
        ->needs(length);
    verb.add_option("-d,--duration", duration, "measured part of the run")->capture_default_str();
    verb.add_option("--warm-up", warm_up, "first part of the run, driven but not measured [1s; with --requests 0s]");
    verb.add_option("-n,--requests", requests, "stop after this many instead of after --duration")
        ->check(CLI::PositiveNumber);
    verb.add_option("--timeout", timeout, "of one request, connecting included")->capture_default_str();
    verb.add_option("--pin", processors, "processors for the load threads, e.g. 1,3")->delimiter(',');
    verb.add_flag("--close", close_each, "a new connection for every request");
    verb.add_flag("--full-handshakes", full_handshakes, "https: new connections do not come back by a session");
    verb.add_option("--ca", ca, "https: PEM file of whom the server is believed; without it anybody is")
        ->check(CLI::ExistingFile);
    verb.add_option("--tls", tls, "https: newest version spoken")
        ->check(CLI::IsMember({"1.2", "1.3"}))
        ->capture_default_str();
    verb.add_flag("--h2", http2, "speak HTTP/2: in clear by prior knowledge, with https by ALPN");
    verb.add_option("--streams", streams, "--h2: requests at once on each connection")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb.add_flag("--json", json, "print the result as JSON");
    verb.add_flag("-q,--quiet", quiet, "no progress lines");
}

void LoadFlags::add_grpc_to(CLI::App& verb) {
    verb.add_flag("--grpc", grpc, "unary calls of gRPC over HTTP/2, to the URL's path; any status but OK is a failure");
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
    // A handful of requests would all be over before a second of warm-up is, and nothing would be measured.
    plan.warm_up = !warm_up.empty() ? parse_duration(warm_up) : requests > 0 ? 0 : kSecond;
    plan.requests = requests;
    plan.timeout = parse_duration(timeout);
    plan.close_each = close_each;
    plan.processors = processors;
    if (http2 || grpc) {
        if (close_each)
            throw std::invalid_argument("--close is for HTTP/1.1; over HTTP/2 a connection has many requests");
        plan.streams = streams;
    } else if (streams != 1) {
        throw std::invalid_argument("--streams needs --h2");
    }
    plan.secure = {target.secure, !full_handshakes, ca, target.host, tls, plan.streams > 0};
    if (plan.timeout <= 0) throw std::invalid_argument("--timeout must be more than nothing");
    if (plan.duration <= 0 && requests == 0) throw std::invalid_argument("--duration must be more than nothing");
    return plan;
}

std::string request_text(const std::string& method, const Url& target, const std::vector<std::string>& headers,
                         const std::string& body, bool close_each) {
    if (!is_word(method)) throw std::invalid_argument("'" + method + "' is no method; write one word, as in GET");
    for (const std::string& header : headers) require_header(header);
    std::string text = method + ' ' + target.path + " HTTP/1.1\r\nHost: " + target.authority + "\r\n";
    for (const std::string& header : headers) text += header + "\r\n";
    if (close_each) text += "Connection: close\r\n";
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

std::string call_text(const Url& target, std::vector<std::string> headers, const std::string& message) {
    for (const char* own : {"Content-Type: application/grpc", "TE: trailers"}) headers.emplace_back(own);
    std::string framed(1, '\0');  // not compressed
    for (int shift = 24; shift >= 0; shift -= 8)
        framed += static_cast<char>(message.size() >> static_cast<unsigned>(shift) & 0xff);
    return request_text("POST", target, headers, framed + message, false);
}

}  // namespace yardbench
